"""The public page in a frame of the organization's own site."""

from tests.registration.office import Office
from tests.registration.pages.counter import Counter, public_path


async def test_only_the_sites_that_were_named_may_show_it(office: Office, counter: Counter) -> None:
    webinar = await office.schedule()
    path = public_path(webinar)

    before = await counter.get(f"{path}/embed")
    await office.execute(
        "UPDATE organizations SET allowed_origins = '{https://www.example.org,http://[::1]:81}'"
    )
    after = await counter.get(f"{path}/embed")
    itself = await counter.get(path)

    assert before.status == after.status == 200
    assert "frame-ancestors 'none'" in before.headers["Content-Security-Policy"]
    assert before.headers["X-Frame-Options"] == "DENY"
    policy = after.headers["Content-Security-Policy"]
    assert "frame-ancestors https://www.example.org http://[::1]:81" in policy
    assert "default-src 'none'" in policy
    assert "X-Frame-Options" not in after.headers
    assert "frame-ancestors 'none'" in itself.headers["Content-Security-Policy"]
    assert itself.headers["X-Frame-Options"] == "DENY"


async def test_its_form_registers_in_the_whole_window(office: Office, counter: Counter) -> None:
    webinar = await office.schedule()
    path = public_path(webinar)

    framed = await counter.get(f"{path}/embed")
    sent = await counter.register(webinar, framed)

    assert '<base target="_top">' in framed.html
    assert f'action="{path}"' in framed.html
    assert "Bread at home" in framed.text
    assert "If you cannot come" in framed.text
    assert "Box office by Taquilla" not in framed.text
    assert sent.status == 303
    assert await office.seats_taken(webinar) == 1


async def test_an_unknown_webinar_has_no_frame(counter: Counter) -> None:
    page = await counter.get("/w/11111111-1111-4111-8111-111111111111/embed")

    assert page.status == 404
