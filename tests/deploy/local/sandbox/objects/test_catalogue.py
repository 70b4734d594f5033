"""Products and prices."""

import pytest

from tests.deploy.local.sandbox.bench import Bench, refused


async def test_a_product_and_its_price_are_made_and_read(bench: Bench) -> None:
    await bench.listen("product.created", "price.created")
    products, prices = bench.client.v1.products, bench.client.v1.prices
    product = await products.create_async({"name": "Seat", "description": "In the front"})
    price = await prices.create_async(
        {"currency": "EUR", "unit_amount": 700, "product": product.id, "nickname": "early"}
    )

    read = await prices.retrieve_async(price.id, {"expand": ["product"]})

    assert (read.unit_amount, read.currency, read.type) == (700, "eur", "one_time")
    assert read.to_dict()["product"]["name"] == "Seat"
    assert (await products.retrieve_async(product.id)).description == "In the front"
    await bench.listener.wait_for("price.created")


async def test_a_product_may_bring_its_price_and_a_price_its_product(bench: Bench) -> None:
    product = await bench.client.v1.products.create_async(
        {"name": "Seat", "default_price_data": {"currency": "eur", "unit_amount": 500}}
    )
    price = await bench.client.v1.prices.create_async(
        {"currency": "eur", "unit_amount": 900, "product_data": {"name": "Row"}}
    )

    assert isinstance(product.default_price, str)
    default = await bench.client.v1.prices.retrieve_async(product.default_price)
    assert (default.unit_amount, default.product) == (500, product.id)
    assert isinstance(price.product, str)
    assert (await bench.client.v1.products.retrieve_async(price.product)).name == "Row"


async def test_products_and_prices_are_listed(bench: Bench) -> None:
    product = await bench.client.v1.products.create_async({"name": "Seat", "id": "seat"})
    price = await bench.client.v1.prices.create_async(
        {"currency": "eur", "unit_amount": 700, "product": "seat"}
    )
    await bench.session()

    offered = await bench.client.v1.products.list_async({"active": True})
    priced = await bench.client.v1.prices.list_async({"product": "seat"})

    assert [one.id for one in offered.data] == [product.id]
    assert [one.id for one in priced.data] == [price.id]


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"currency": "eur", "unit_amount": 5}, 400),
        ({"currency": "eur", "product": "none", "unit_amount": 5}, 400),
        ({"currency": "eur", "product_data": {"name": "x"}}, 400),
        ({"currency": "kwd", "unit_amount": 5125, "product_data": {"name": "x"}}, 400),
    ],
)
async def test_a_wrong_price_is_refused(
    bench: Bench, params: dict[str, object], status: int
) -> None:
    error = await refused(bench.client.raw_request_async("post", "/v1/prices", **params))

    assert error.http_status == status


async def test_a_products_own_id_is_used_once(bench: Bench) -> None:
    await bench.client.v1.products.create_async({"name": "Seat", "id": "seat"})

    error = await refused(bench.client.v1.products.create_async({"name": "Seat", "id": "seat"}))

    assert error.code == "resource_already_exists"
