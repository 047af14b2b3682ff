"""What can be refused to a visitor about his result: a share that is not there, is over, or is one too many.

The words are in marketplace/locale/*/result.po, the statuses in marketplace/statuses.py.
"""

from typing import ClassVar


class PortalError(Exception):
    """Whatever this room refuses."""

    code: ClassVar[str] = "portal"

    def __init__(self, **params: object) -> None:
        self.params = params
        super().__init__(f"{self.code} {params}" if params else self.code)


class ShareNotFound(PortalError):
    """No such share, or not one of the asker's."""

    code = "portal.share_not_found"


class ShareEnded(PortalError):
    """The share has expired or was withdrawn."""

    code = "portal.share_ended"


class TooManyShares(PortalError):
    """As many shares are live as one may have; params: most."""

    code = "portal.too_many_shares"


class NothingToShare(PortalError):
    """There is no answer yet, hence no result to share or to state figures for."""

    code = "portal.nothing_to_share"
