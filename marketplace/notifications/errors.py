"""What can go wrong when somebody says how to be told: plain data, no HTTP, no sentences.

`marketplace/statuses.py` gives each class its status and the catalogues `error.<code>.*` give the words.
"""

from typing import ClassVar


class NotificationsError(Exception):
    """Base of this room. `code` keys the catalogue, `params` fill its text, `field` names the input at fault."""

    code: ClassVar[str] = "notifications.error"

    def __init__(self, *, field: str | None = None, **params: object) -> None:
        super().__init__(self.code)
        self.field = field
        self.params: dict[str, object] = params


class ItemNotFound(NotificationsError):
    """No such message in an inbox of yours (404); another's looks exactly like a missing one."""

    code = "notifications.item_not_found"


class EndpointNotFound(NotificationsError):
    """No such webhook of yours (404)."""

    code = "notifications.endpoint_not_found"


class LinkRefused(NotificationsError):
    """A link from an e-mail that is not whole, or was for another address (404)."""

    code = "notifications.link_refused"


class AddressRefused(NotificationsError):
    """Not an e-mail address, or none where e-mail is wanted (422)."""

    code = "notifications.address_refused"


class MailOff(NotificationsError):
    """This service sends no e-mail (422)."""

    code = "notifications.mail_off"


class UrlRefused(NotificationsError):
    """Not the https address of a host (422)."""

    code = "notifications.url_refused"


class TooManyConfirmations(NotificationsError):
    """So many confirmation links went out today that the next is refused (429): strangers must not be pestered."""

    code = "notifications.too_many_confirmations"


class TooManyEndpoints(NotificationsError):
    """An enterprise has as many webhooks as it may (409)."""

    code = "notifications.too_many_endpoints"
