"""Counts and times of every request for Prometheus, by route and not by address.

One registry an application, not the library's global one, so that tests run many applications in one process.
Figures are those of the one server process that answers; run one worker, or scrape each.
"""

import time

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

METRICS = "marketplace_metrics"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The figures of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "marketplace_requests", "Answered requests", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "marketplace_request_seconds",
            "Time from a request's head to its answer's last byte",
            ("method", "route"),
            registry=self.registry,
            buckets=BUCKETS,
        )
        self.underway = Gauge(
            "marketplace_requests_underway", "Requests being answered now", registry=self.registry
        )

        self.waiting = Gauge(
            "marketplace_jobs",
            "Jobs waiting or under way, in the whole service",
            ("job",),
            registry=self.registry,
        )
        self.oldest = Gauge(
            "marketplace_jobs_oldest_seconds",
            "How long the oldest due job has waited",
            registry=self.registry,
        )

    def exposition(self) -> bytes:
        """The figures in Prometheus' text format."""
        return generate_latest(self.registry)


class Measure(ASGIMiddleware):
    """Counts and times what passes through it."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Answer the request, then write down how it went."""
        scope["state"][METRICS] = self.metrics
        route = scope.get("path_template", "")
        began = time.perf_counter()
        status = 500

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self.metrics.underway.inc()
        try:
            await next_app(scope, receive, send_and_note)
        finally:
            self.metrics.underway.dec()
            method = str(scope.get("method", ""))
            self.metrics.requests.labels(method, route, str(status)).inc()
            self.metrics.seconds.labels(method, route).observe(time.perf_counter() - began)
