"""Where notices go: to the system that is set up, as a signed webhook (https://www.standardwebhooks.com), else to the log."""

import json
import logging
import math
from datetime import UTC, datetime

import httpx2
from standardwebhooks.webhooks import Webhook as Signer

from api.outside import Outside
from gridmap.flows.notify import Sink, Undelivered
from gridmap.incidents.notices import Notice
from gridmap.settings import Settings, WebhookSettings
from gridmap.version import __version__

LOG = logging.getLogger("gridmap.notices")


class Webhook:
    """One address that is told. Whatever it answers but a 2xx is no: a redirect is not followed, and its words are not kept."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._url, self._signer = settings.url, Signer(settings.secret)
        self._client = httpx2.Client(transport=Outside(plain=True), follow_redirects=False, trust_env=False)

    def __call__(self, notice: Notice, at: datetime) -> None:
        """Send it, signed as of now. Undelivered."""
        body = json.dumps(notice.as_dict(), ensure_ascii=False, separators=(",", ":"))
        headers = {"Content-Type": "application/json", "User-Agent": f"gridmap/{__version__}", **self._signed(notice.id, body, at)}
        try:
            answer = self._client.post(self._url, content=body.encode(), headers=headers)
        except (httpx2.HTTPError, httpx2.InvalidURL) as fault:
            raise Undelivered(why=str(fault) or type(fault).__name__) from fault
        if not answer.is_success:
            raise Undelivered(why=f"status {answer.status_code}")

    def _signed(self, id: str, body: str, at: datetime) -> dict[str, str]:
        """The three headers; the library takes whatever clock it is given for UTC."""
        signature = self._signer.sign(id, at.astimezone(UTC), body)
        return {"webhook-id": id, "webhook-timestamp": str(math.floor(at.timestamp())), "webhook-signature": signature}


def write_to_log(notice: Notice, _at: datetime) -> None:
    """A line of the log for each notice, its id first."""
    LOG.info("%s %s", notice.id, json.dumps(notice.as_dict(), ensure_ascii=False))


def sink_of(settings: Settings) -> Sink:
    """Where notices go by these settings."""
    return Webhook(settings.webhook) if settings.webhook else write_to_log
