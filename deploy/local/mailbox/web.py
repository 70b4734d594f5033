"""The door that mail is read by: a small API for scripts, and pages for people."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

import jinja2
from aiohttp import web
from pydantic import ValidationError

from deploy.local.mailbox.faults import Fault, Faults
from deploy.local.mailbox.mails import Mails
from deploy.local.mailbox.parts import Mail

HERE = Path(__file__).parent
LISTED_MAX = 200

PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# A mail is a stranger's page: it runs nothing, loads nothing, and is not of our origin.
MAIL_POLICY = "; ".join(
    (
        "sandbox allow-popups allow-popups-to-escape-sandbox",
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)

MAILS = web.AppKey("mails", Mails)
FAULTS = web.AppKey("faults", Faults)
PAGES = web.AppKey("pages", jinja2.Environment)

routes = web.RouteTableDef()


@routes.get("/livez")
async def show_life(_request: web.Request) -> web.Response:
    return web.Response(text="ok")


@routes.get("/api/messages")
async def list_messages(request: web.Request) -> web.Response:
    """Oldest first; `after` takes an id and `limit` a number, for those who follow along."""
    mails = request.app[MAILS].find(
        to=request.query.get("to"),
        after=_number(request.query.get("after"), 0),
        limit=_number(request.query.get("limit"), -1),
    )
    return web.json_response([mail.as_json() for mail in mails])


@routes.delete("/api/messages")
async def delete_messages(request: web.Request) -> web.Response:
    request.app[MAILS].clear()
    return web.Response(status=204)


@routes.get(r"/api/messages/{id:\d{1,15}}/raw")
async def show_raw(request: web.Request) -> web.Response:
    mail = _mail(request)
    return web.Response(body=mail.raw, content_type="text/plain", charset="utf-8")


@routes.get("/api/faults")
async def list_faults(request: web.Request) -> web.Response:
    return web.json_response([fault.model_dump() for fault in request.app[FAULTS].waiting])


@routes.post("/api/faults")
async def add_fault(request: web.Request) -> web.Response:
    """Add one, such as `{"at": "rcpt", "code": 550}` or `{"at": "message", "drop": true}`."""
    try:
        fault = Fault.model_validate_json(await request.read())
    except ValidationError as failure:
        raise web.HTTPUnprocessableEntity(text=str(failure)) from failure
    request.app[FAULTS].waiting.append(fault)
    return web.json_response(fault.model_dump(), status=201)


@routes.delete("/api/faults")
async def delete_faults(request: web.Request) -> web.Response:
    request.app[FAULTS].waiting.clear()
    return web.Response(status=204)


@routes.get("/")
async def show_mailbox(request: web.Request) -> web.Response:
    """The newest mails first; the page looks for new ones by itself."""
    mails, to = request.app[MAILS], request.query.get("to", "").strip() or None
    return _page(
        request,
        "mailbox.html",
        mails=mails.latest(to=to, limit=LISTED_MAX),
        count=mails.count(to=to),
        listed_max=LISTED_MAX,
        to=to,
    )


@routes.post("/empty")
async def empty_mailbox(request: web.Request) -> web.Response:
    request.app[MAILS].clear()
    raise web.HTTPSeeOther("/")


@routes.get(r"/messages/{id:\d{1,15}}")
async def show_message(request: web.Request) -> web.Response:
    mail = _mail(request)
    views = [view for view, body in (("html", mail.html), ("text", mail.text)) if body is not None]
    view = request.query.get("view")
    return _page(
        request,
        "message.html",
        mail=mail,
        views=views,
        view=view if view in {*views, "raw"} else (views or ["raw"])[0],
    )


@routes.get(r"/messages/{id:\d{1,15}}/html")
async def show_html(request: web.Request) -> web.Response:
    """The mail's own page, for the frame in ours."""
    html = _mail(request).html
    if html is None:
        raise web.HTTPNotFound
    return web.Response(
        text=_opening_links_outside(html),
        content_type="text/html",
        headers={"Content-Security-Policy": MAIL_POLICY},
    )


@routes.get(r"/messages/{id:\d{1,15}}/attachments/{number:\d{1,3}}")
async def download_attachment(request: web.Request) -> web.Response:
    attachments = _mail(request).attachments
    number = int(request.match_info["number"])
    if number >= len(attachments):
        raise web.HTTPNotFound
    attachment = attachments[number]
    return web.Response(
        body=attachment.content,
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename*=utf-8''{quote(attachment.name, safe='')}"
        },
    )


def create_app(mails: Mails, faults: Faults) -> web.Application:
    app = web.Application(middlewares=[_keep_strangers_out])
    app[MAILS] = mails
    app[FAULTS] = faults
    app[PAGES] = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    app.add_routes(routes)
    app.router.add_static("/static", HERE / "static")
    return app


@web.middleware
async def _keep_strangers_out(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Other sites open in the same browser can reach loopback too: by a form, or by a name."""
    name = urlsplit(f"//{request.host}").hostname
    if name not in {"127.0.0.1", "localhost", "::1"}:
        raise web.HTTPForbidden(text="The mailbox answers on 127.0.0.1 and localhost only.")
    origin = request.headers.get("Origin")
    if request.method != "GET" and origin not in (None, f"http://{request.host}"):
        raise web.HTTPForbidden(text="Sent from another site.")
    try:
        answer = await handler(request)
    except web.HTTPException as refusal:
        _harden(refusal)
        raise
    _harden(answer)
    return answer


def _harden(answer: web.StreamResponse) -> None:
    answer.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-store"


def _page(request: web.Request, template: str, **values: object) -> web.Response:
    text = request.app[PAGES].get_template(template).render(**values)
    return web.Response(text=text, content_type="text/html")


def _mail(request: web.Request) -> Mail:
    mail = request.app[MAILS].get(int(request.match_info["id"]))
    if mail is None:
        raise web.HTTPNotFound(text="There is no such mail.")
    return mail


def _number(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise web.HTTPUnprocessableEntity(text="after and limit are whole numbers.")
    return int(text)


def _opening_links_outside(html: str) -> str:
    """A link in the mail opens in a tab of its own, not in the small frame."""
    head = html.lower().find("<head>")
    if head < 0:
        return f'<base target="_blank">{html}'
    after_head = head + len("<head>")
    return f'{html[:after_head]}<base target="_blank">{html[after_head:]}'
