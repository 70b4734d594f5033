"""Members and invitations: who may change them, when it takes effect, who cannot leave."""

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.registration.console import cookies
from services.registration.people import Role
from shared.events import AccountMailRequested
from tests.registration.console.browser import (
    Browser,
    new_organization,
    new_person,
    open_browser,
    open_console,
)
from tests.registration.office import PUBLIC_URL, Office
from tests.registration.pages.counter import Page


def members(office: Office, *parts: object) -> str:
    rest = "".join(f"/{part}" for part in parts)
    return f"/console/{office.organization_id}/administration/members{rest}"


def invitations(office: Office, invitation_id: str, what: str) -> str:
    return f"/console/{office.organization_id}/administration/invitations/{invitation_id}/{what}"


async def invite(office: Office, admin: Browser, email: str, role: str = "organizer") -> Page:
    return await admin.post(members(office), {"email": email, "role": role})


async def invitation_mails(office: Office) -> list[AccountMailRequested]:
    return [one for one in await office.told(AccountMailRequested) if one.kind == "invitation"]


async def role_of(office: Office, person_id: UUID) -> str | None:
    role: str | None = await office.value(
        "SELECT role FROM memberships WHERE person_id = $1 AND organization_id = $2",
        person_id,
        office.organization_id,
    )
    return role


async def acts(office: Office) -> list[str]:
    async with office.database.connection() as connection:
        rows = await connection.fetch("SELECT act, about FROM audit_entries ORDER BY id")
    return [f"{row['act']} {row['about']}" for row in rows]


async def test_an_invited_stranger_becomes_a_member_with_an_account(
    office: Office, admin: Browser
) -> None:
    sent = await invite(office, admin, "Bo@Example.org", "organizer")
    listed = await admin.get(members(office))
    (mail,) = await invitation_mails(office)
    async with open_browser(office) as guest:
        path = mail.link.removeprefix(PUBLIC_URL)
        joined = await guest.post(path, {"name": "Bo", "password": "far away and windy"})
        after = await admin.get(members(office))

        assert (sent.status, sent.location) == (303, members(office))
        assert "The invitation to Bo@example.org is sent." in listed.text
        assert "Invited by Inés Carvajal" in listed.text
        assert (mail.email, mail.inviter_name) == ("Bo@example.org", "Inés Carvajal")
        assert mail.organization_name == "Escuela Norte"
        assert (joined.status, joined.location) == (
            303,
            f"/console/{office.organization_id}/webinars",
        )
        assert "Invited by" not in after.text
        assert "Bo@example.org" in after.text
        assert await acts(office) == ["member_invited Bo@example.org: organizer"]


async def test_someone_with_an_account_joins_a_second_organization_with_it(
    office: Office, admin: Browser
) -> None:
    other_id = await new_organization(office, "Faro Studio")
    await new_person(office, "bo@example.org", organization_id=other_id, name="Bo", locale="es")
    await invite(office, admin, "bo@example.org", "admin")
    (mail,) = await invitation_mails(office)
    path = mail.link.removeprefix(PUBLIC_URL)
    async with open_browser(office) as guest:
        await guest.sign_in("bo@example.org")

        joined = await guest.post(path)
        choice = await guest.get("/console")

        assert (mail.name, mail.locale) == ("Bo", "es")
        assert joined.status == 303
        assert "Escuela Norte" in choice.text
        assert "Faro Studio" in choice.text
        assert (await guest.get(members(office))).status == 200


@pytest.mark.parametrize(
    ("before", "invited_as", "after"),
    [("admin", "organizer", "admin"), ("organizer", "admin", "admin")],
)
async def test_following_an_older_invitation_raises_a_role_and_never_lowers_it(
    office: Office, admin: Browser, before: Role, invited_as: Role, after: Role
) -> None:
    await invite(office, admin, "bo@example.org", invited_as)
    (mail,) = await invitation_mails(office)
    person_id = await new_person(office, "bo@example.org", role=before)
    async with open_browser(office) as guest:
        await guest.sign_in("bo@example.org")

        joined = await guest.post(mail.link.removeprefix(PUBLIC_URL))

    assert joined.status == 303
    assert await role_of(office, person_id) == after


async def test_an_invitation_sent_again_kills_the_older_link(
    office: Office, admin: Browser
) -> None:
    await invite(office, admin, "bo@example.org")
    invitation_id = await office.value("SELECT encode(token_hash, 'hex') FROM person_links")

    listed = await admin.get(members(office))
    again = await admin.post(invitations(office, invitation_id, "resend"), shown=listed)

    first, second = await invitation_mails(office)
    assert again.status == 303
    assert (await admin.get(first.link.removeprefix(PUBLIC_URL))).status == 404
    assert (await admin.get(second.link.removeprefix(PUBLIC_URL))).status == 200


async def test_an_invitation_taken_back_lets_nobody_in(office: Office, admin: Browser) -> None:
    await invite(office, admin, "bo@example.org")
    invitation_id = await office.value("SELECT encode(token_hash, 'hex') FROM person_links")
    listed = await admin.get(members(office))

    taken = await admin.post(invitations(office, invitation_id, "revoke"), shown=listed)
    twice = await admin.post(invitations(office, invitation_id, "revoke"), shown=listed)

    (mail,) = await invitation_mails(office)
    assert (taken.status, twice.status) == (303, 404)
    assert (await admin.get(mail.link.removeprefix(PUBLIC_URL))).status == 404
    assert (await acts(office))[-1] == "invitation_revoked bo@example.org"


async def test_bad_addresses_and_members_are_refused_and_what_was_typed_stays(
    office: Office, admin: Browser
) -> None:
    bad = await invite(office, admin, "bo@", "admin")
    member = await invite(office, admin, "ADMIN@example.org")
    roleless = await invite(office, admin, "bo@example.org", "king")

    assert bad.status == member.status == roleless.status == 422
    assert 'value="bo@"' in bad.html
    assert 'aria-invalid="true"' in bad.html
    assert "name@example.org" in bad.text
    assert "a member already" in member.text
    assert 'id="role-error"' in roleless.html
    assert await invitation_mails(office) == []


async def test_one_address_gets_three_invitations_an_hour(office: Office, admin: Browser) -> None:
    answers = [await invite(office, admin, "bo@example.org") for _ in range(4)]

    assert [answer.status for answer in answers] == [303, 303, 303, 409]
    assert len(await invitation_mails(office)) == 3


async def test_a_new_role_takes_effect_on_the_next_request(office: Office, admin: Browser) -> None:
    async with open_console(office, "organizer") as organizer:
        person_id = await office.value("SELECT id FROM people WHERE email LIKE 'organizer@%'")
        before = await organizer.get(members(office))
        listed = await admin.get(members(office))

        await admin.post(members(office, person_id, "role"), {"role": "admin"}, shown=listed)
        promoted = await organizer.get(members(office))
        await admin.post(members(office, person_id, "role"), {"role": "organizer"}, shown=listed)
        demoted = await organizer.get(members(office))

        assert [before.status, promoted.status, demoted.status] == [403, 200, 403]
        assert await acts(office) == [
            "role_changed organizer@example.org: organizer → admin",
            "role_changed organizer@example.org: admin → organizer",
        ]


async def test_a_removed_member_is_out_on_the_next_request(office: Office, admin: Browser) -> None:
    async with open_console(office, "organizer") as organizer:
        person_id = await office.value("SELECT id FROM people WHERE email LIKE 'organizer@%'")
        own = f"/console/{office.organization_id}/settings/payments"
        missing = await organizer.get(f"/console/{uuid4()}/settings/payments")
        asked = await admin.get(members(office, person_id, "remove"))

        removed = await admin.post(members(office, person_id, "remove"), shown=asked)
        after = await organizer.get(own)

        assert "Inés Carvajal" in asked.text
        assert removed.status == 303
        assert after.status == missing.status == 404
        assert (await organizer.get("/console")).status == 200, (
            "still signed in, in no organization"
        )
        assert (await acts(office))[-1] == "member_removed organizer@example.org"


async def test_the_last_admin_stays_one(office: Office, admin: Browser) -> None:
    person_id = await office.value("SELECT id FROM people")
    shown = await admin.get(members(office))

    demoted = await admin.post(
        members(office, person_id, "role"), {"role": "organizer"}, shown=shown
    )
    removed = await admin.post(members(office, person_id, "remove"), shown=shown)

    assert demoted.status == removed.status == 409
    assert "keeps one administrator" in demoted.text
    assert await role_of(office, person_id) == "admin"


async def test_two_last_admins_cannot_both_leave(office: Office, admin: Browser) -> None:
    bo = await new_person(office, "bo@example.org", "admin", name="Bo")
    own = await office.value("SELECT id FROM people WHERE email LIKE 'admin@%'")
    async with open_browser(office) as other:
        await other.sign_in("bo@example.org")
        shown, shown_to_bo = await admin.get(members(office)), await other.get(members(office))

        answers = await asyncio.gather(
            admin.post(members(office, own, "remove"), shown=shown),
            other.post(members(office, bo, "remove"), shown=shown_to_bo),
        )

        assert sorted(answer.status for answer in answers) == [303, 409]
        assert await office.value("SELECT count(*) FROM memberships WHERE role = 'admin'") == 1


async def test_an_organizer_enters_no_room_of_the_administration(
    office: Office, organizer: Browser
) -> None:
    shown = await organizer.get("/console/account")
    person_id = await office.value("SELECT id FROM people")
    await new_person(office, "eva@example.org", "admin", name="Eva Ruiz")

    answers = [
        await organizer.get(members(office)),
        await organizer.get(f"/console/{office.organization_id}/administration/tokens"),
        await organizer.get(f"/console/{office.organization_id}/administration/record"),
        await organizer.post(members(office), {"email": "bo@example.org"}, shown=shown),
        await organizer.post(members(office, person_id, "role"), {"role": "admin"}, shown=shown),
    ]

    assert {answer.status for answer in answers} == {403}
    assert "This is for administrators" in answers[0].text
    assert "eva@example.org" in answers[0].text
    assert await role_of(office, person_id) == "organizer"


async def test_a_foreign_organization_and_foreign_members_are_not_found(
    office: Office, admin: Browser
) -> None:
    other_id = await new_organization(office)
    stranger = await new_person(office, "bo@example.org", "admin", organization_id=other_id)
    shown = await admin.get(members(office))

    foreign = await admin.get(f"/console/{other_id}/administration/members")
    missing = await admin.get(f"/console/{uuid4()}/administration/members")
    role = await admin.post(members(office, stranger, "role"), {"role": "organizer"}, shown=shown)
    removal = await admin.post(members(office, stranger, "remove"), shown=shown)

    assert (foreign.status, foreign.text) == (missing.status, missing.text)
    assert foreign.status == role.status == removal.status == 404
    assert await office.value("SELECT role FROM memberships WHERE person_id = $1", stranger) == (
        "admin"
    )


@pytest.mark.parametrize("token", ["", "0" * 32])
async def test_without_the_forms_own_token_nothing_happens(
    office: Office, admin: Browser, token: str
) -> None:
    answer = await admin.post_raw(
        members(office), {"email": "bo@example.org", "role": "admin", "csrf": token}
    )

    assert answer.status == 403
    assert await invitation_mails(office) == []


async def test_the_token_of_another_browser_is_not_ours(office: Office, admin: Browser) -> None:
    answer = await admin.post_raw(
        members(office),
        {"email": "bo@example.org", "role": "admin", "csrf": cookies.csrf_of("another")},
    )

    assert answer.status == 403
    assert await invitation_mails(office) == []


async def test_the_record_cannot_be_rewritten(office: Office, admin: Browser) -> None:
    await invite(office, admin, "bo@example.org")

    for statement in (
        "UPDATE audit_entries SET about = ''",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
    ):
        with pytest.raises(asyncpg.PostgresError):
            await office.execute(statement)

    record = await admin.get(f"/console/{office.organization_id}/administration/record")
    assert "Invited someone" in record.text
    assert "bo@example.org: Organizer" in record.text
    assert "Inés Carvajal" in record.text


async def test_a_long_record_is_read_page_by_page(office: Office, admin: Browser) -> None:
    await office.execute(
        "INSERT INTO audit_entries (organization_id, act, about) "
        "SELECT $1, 'settings_changed', 'entry ' || n || '.' FROM generate_series(1, 60) n",
        office.organization_id,
    )
    path = f"/console/{office.organization_id}/administration/record"

    first = await admin.get(path)
    before = await office.value("SELECT id FROM audit_entries ORDER BY id DESC OFFSET 49 LIMIT 1")
    second = await admin.get(f"{path}?before={before}")

    assert f"?before={before}" in first.html
    assert "entry 60." in first.text
    assert "entry 10." not in first.text
    assert "entry 10." in second.text
    assert "Older" not in second.text
    assert (await admin.get(f"{path}?before=nonsense")).status == 200
