"""A text column whose content is encrypted by the application and bound to its row."""

import uuid
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from clinic.crypto import decrypt, encrypt


class Sealed(models.Model):
    """A row with encrypted columns. `seal` exists before the insert, so ciphertext can be bound to it."""

    seal = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True

    def encrypt_now(self) -> None:
        """Do what the insert would do, before it: before locks that others wait for, say."""
        for field in self._meta.concrete_fields:
            if isinstance(field, EncryptedTextField):
                setattr(self, field.attname, field.pre_save(self, add=True))


if TYPE_CHECKING:
    _TextField = models.Field[str, str]
else:
    _TextField = models.Field


class EncryptedTextField(_TextField):
    """Plain text in Python, ciphertext in the database.

    Text is encrypted when its row is saved and decrypted when it is first read. Reading raises
    DecryptionError for a value that was changed or moved from another row. Cannot be filtered on,
    and `update()` refuses it: without the row there is nothing to bind to.
    """

    empty_strings_allowed = True

    def __init__(self, **options: Any) -> None:
        options.setdefault("default", "")
        options.setdefault("blank", True)
        super().__init__(**options)

    def get_internal_type(self) -> str:
        return "BinaryField"

    def contribute_to_class(
        self, cls: type[models.Model], name: str, private_only: bool = False
    ) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, name, _Plain(name))

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        # A column of SQLite holds any type. Text was never sealed: it must not pass for what was decrypted.
        return value if isinstance(value, bytes | memoryview | None) else str(value).encode()

    def binding(self, row: models.Model) -> str:
        return binding(row._meta.db_table, self.attname, getattr(row, "seal"))  # noqa: B009

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__[self.attname]
        if isinstance(value, str):
            return encrypt(value, bound_to=self.binding(model_instance))
        return value

    def get_db_prep_value(
        self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False
    ) -> Any:
        if isinstance(value, str):
            raise TypeError(f"{self.name} is encrypted with its row: save the row instead")
        return value if value is None else connection.Database.Binary(bytes(value))  # type: ignore[attr-defined]


class _Plain:
    """The attribute of an encrypted field: holds what it was given, decrypts on the first read."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, row: models.Model | None, owner: type[models.Model]) -> Any:
        if row is None:
            return owner._meta.get_field(self.name)
        if self.name not in row.__dict__:
            row.refresh_from_db(fields=[self.name])
        value = row.__dict__[self.name]
        if not isinstance(value, str):
            field = owner._meta.get_field(self.name)
            assert isinstance(field, EncryptedTextField)
            value = row.__dict__[self.name] = decrypt(bytes(value), bound_to=field.binding(row))
        return value

    def __set__(self, row: models.Model, value: Any) -> None:
        row.__dict__[self.name] = value


def binding(table: str, column: str, seal: uuid.UUID) -> str:
    """What a ciphertext is bound to; the same for every reader and writer of it."""
    return f"{table}|{column}|{seal}"
