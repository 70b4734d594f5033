"""One request to the console: who asks, for which organization, and how it is answered."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from services.registration.console import cookies
from services.registration.links import Links
from services.registration.organizations import Organization
from services.registration.pages.rendering import Renderer, see_other
from services.registration.people import Membership, Person, Role, Session
from services.registration.routes.table import Desk
from shared.postgres import Database
from shared.refusals import Forbidden, NotFound

LOCAL_PATHS = ("/console", "/welcome/")


class FormNotOurs(Forbidden):
    """This form was not sent from our page, or you signed in or out since. Open the page again."""

    code = "form_not_ours"


class AdminsOnly(Forbidden):
    """Only an administrator of this organization can do this."""

    code = "admins_only"


class ConfirmPassword(Forbidden):
    """Give your password again before this."""

    code = "confirm_password"


@dataclass
class Visit:
    """What a handler of the console gets."""

    request: web.Request
    desk: Desk
    renderer: Renderer
    locale: str
    person_or_none: Person | None = None
    session_or_none: Session | None = None
    memberships: list[Membership] = field(default_factory=list)
    organization_or_none: Organization | None = None
    role: Role | None = None
    is_confirmed: bool = False
    exceptions_count: int = 0
    note: dict[str, Any] | None = None
    is_note_shown: bool = False
    values: Mapping[str, list[str]] = field(default_factory=dict)
    _signed_out_token: str | None = None

    @property
    def database(self) -> Database:
        """The service's own database."""
        return self.desk.database

    @property
    def links(self) -> Links:
        """Makes the links that people get."""
        return self.desk.links

    @property
    def person(self) -> Person:
        """Who is signed in; only where the route asks for that."""
        assert self.person_or_none is not None
        return self.person_or_none

    @property
    def session(self) -> Session:
        """The signed-in browser; only where the route asks for that."""
        assert self.session_or_none is not None
        return self.session_or_none

    @property
    def organization(self) -> Organization:
        """The organization of the path, of which the person is a member."""
        assert self.organization_or_none is not None
        return self.organization_or_none

    @property
    def query(self) -> Mapping[str, str]:
        """The address's parameters."""
        return self.request.query

    @property
    def fields(self) -> Mapping[str, str]:
        """The form that was sent; of equal names the last."""
        return {name: values[-1] for name, values in self.values.items()}

    def all(self, name: str) -> list[str]:
        """Every value of a field that may come several times."""
        return list(self.values.get(name, []))

    def id(self, name: str) -> UUID:
        """An id of the path; what is no id cannot be found."""
        try:
            return UUID(self.request.match_info[name])
        except ValueError:
            raise NotFound from None

    def path(self, *parts: object) -> str:
        """A path of the console below the organization."""
        return "/".join(
            ("/console", str(self.organization.id), *(quote(str(part), safe="") for part in parts))
        )

    async def require_recent_sign_in(self) -> None:
        """Raises ConfirmPassword, which leads to the password page and back."""
        if not self.is_confirmed:
            raise ConfirmPassword

    def page(self, template: str, *, status: int = 200, **facts: Any) -> web.Response:
        """An HTML answer with what every page of the console shows around its own facts."""
        token = self._form_token()
        around: dict[str, Any] = {
            "person": self.person_or_none,
            "memberships": self.memberships,
            "organization": self.organization_or_none,
            "role": self.role,
            "exceptions_count": self.exceptions_count,
            "note": self.note,
            "path": self.path if self.organization_or_none is not None else None,
            "here": self.request.path,
            "csrf_field": lambda: _csrf_field(token),
        }
        answer = self.renderer.page(
            self.request, template, self.locale, status=status, is_personal=True, **around | facts
        )
        self.is_note_shown = self.note is not None
        if self.session_or_none is None:
            cookies.set_signed_out_form(answer, token)
        return answer

    def go(
        self, path: str, note: str | None = None, note_values: Mapping[str, Any] | None = None
    ) -> web.Response:
        """On to another of our pages, which says the note once: a key of the catalogues."""
        if note is not None:
            self.note = {"text": note, "values": dict(note_values or {})}
            self.is_note_shown = False
        return see_other(path)

    def check_form(self) -> None:
        """Raises FormNotOurs for a form that this browser did not get from us."""
        sent = self.fields.get("csrf", "")
        expected = cookies.csrf_of(self._form_token())
        if not sent.isascii() or not hmac.compare_digest(sent, expected):
            raise FormNotOurs

    def _form_token(self) -> str:
        """The secret that this browser's forms are bound to."""
        if self.session_or_none is not None:
            token = cookies.read(self.request, cookies.SESSION)
            assert token is not None
            return token
        if self._signed_out_token is None:
            known = cookies.read(self.request, cookies.SIGNED_OUT_FORM)
            self._signed_out_token = known or cookies.new_token()
        return self._signed_out_token


def local_path(path: str | None) -> str:
    """A path of ours to go on to, `/console` for anything else that was asked for."""
    if path is None or not path.startswith(LOCAL_PATHS) or not path.isprintable():
        return "/console"
    # Browsers read "//" and a backslash as the beginning of another host.
    return "/console" if "//" in path or "\\" in path else path


def asking(path: str, onward: str) -> str:
    """A page's address that remembers where to go afterwards."""
    return f"{path}?{urlencode({'next': onward})}"


def _csrf_field(token: str) -> Markup:
    return Markup('<input type="hidden" name="csrf" value="{}">').format(cookies.csrf_of(token))
