"""Does the web process in this container answer? `healthcheck.py /livez`: 0 when it does, 1 with one line when not."""

import http.client
import os
import sys

SECONDS = 4


def main(path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["PORT"]), timeout=SECONDS)
    try:
        connection.request("GET", path, headers={"Host": own_name()})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"{path}: {type(error).__name__}\n")
        return 1
    finally:
        connection.close()
    sys.stderr.write(f"{path}: {status}\n")
    return 0 if status == http.HTTPStatus.OK else 1


def own_name() -> str:
    """A name it answers to, whatever its names are."""
    first = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".")
    return "localhost" if first in ("", "*") else first


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
