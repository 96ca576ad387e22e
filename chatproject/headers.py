"""The security headers of every answer, by the path it is asked at.

One table for both places that need it: Django's middleware and the ASGI router in front of it.
"""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]

CLOSED = "base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
FRAMED = "frame-ancestors 'self'"
OWN_ASSETS = "script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'"
ADMIN = f"default-src 'none'; {OWN_ASSETS}; connect-src 'self'; form-action 'self'; {CLOSED}"
API_DOCS = f"default-src 'none'; {OWN_ASSETS}; connect-src 'self'; form-action 'none'; {CLOSED}"
API = f"default-src 'none'; form-action 'none'; {CLOSED}"
# What the page may do. Trusted Types: the only HTML sink is Svelte's own template policy.
PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'{sockets}; "
    "frame-src 'self'; form-action 'self'; require-trusted-types-for 'script'; "
    "trusted-types svelte-trusted-html; " + CLOSED
)


def content_security_policy(path: str, host: str = "") -> str:
    """The policy for ``path``; ``host`` is the checked name and port the browser used."""
    if path.startswith("/admin/"):
        return ADMIN
    if path.startswith("/api/docs/"):
        return API_DOCS
    if path.startswith(("/api/", "/chat/")):
        return API
    # Older browsers do not count web sockets of the same host as 'self'.
    sockets = f" ws://{host} wss://{host}" if host else ""
    return PAGE.format(sockets=sockets)


def security_headers(path: str, host: str = "", own_policy: str = "") -> dict[str, str]:
    """The headers for an answer at ``path`` that may have a policy of its own already.

    One that says that our page may frame it gets no X-Frame-Options, which would forbid it.
    """
    headers = {
        "Content-Security-Policy": content_security_policy(path, host),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    if FRAMED in own_policy:
        del headers["X-Frame-Options"]
    return headers


class SecurityHeadersMiddleware:
    """Adds what a view has not set itself; a file download brings a stricter policy of its own."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        try:
            host = request.get_host()
        except DisallowedHost:
            # This very answer refuses the host, and needs its headers all the same.
            host = ""
        own_policy = response.headers.get("Content-Security-Policy", "")
        for name, value in security_headers(request.path_info, host, own_policy).items():
            response.headers.setdefault(name, value)
        if request.path_info.startswith(("/api/", "/admin/")):
            response.headers.setdefault("Cache-Control", "no-store")
        return response
