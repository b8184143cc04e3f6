"""Access tokens as a run uses them: genuine ones, such that soon expire, and forged ones."""

import time
from dataclasses import dataclass, replace
from typing import Self

import jwt


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    person: int
    session: str
    expires: float
    key: str
    genuine: bool = True

    @classmethod
    def read(cls, text: str, key: str) -> Self:
        """`key` is what the clinic signs with: a run may make tokens of its own."""
        claims = jwt.decode(text, options={"verify_signature": False})
        return cls(text, int(claims["sub"]), claims["sid"], float(claims["exp"]), key)

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.text}"}

    def lasting(self, seconds: float) -> "Token":
        """Of the same session, good for so long from now (whole seconds are what a token can say)."""
        claims = jwt.decode(self.text, options={"verify_signature": False})
        expires = int(time.time() + seconds)
        text = jwt.encode({**claims, "exp": expires}, self.key, algorithm="HS256")
        return replace(self, text=text, expires=float(expires))

    def forged(self) -> "Token":
        """Of the same session, signed by somebody else."""
        claims = jwt.decode(self.text, options={"verify_signature": False})
        text = jwt.encode(claims, self.key[::-1], algorithm="HS256")
        return replace(self, text=text, genuine=False)
