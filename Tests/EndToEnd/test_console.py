"""The web console in a real browser: what administrators do with it, and what it never does."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from support.admin import Key
from support.browser import Browser
from support.process import eventually
from support.tollgate import Tollgate

import requests

FILES = re.compile(r"""(?:from|src=|href=)\s*["']\.?/?(?:console/)?([a-z]+\.(?:js|css))["']""")


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    yield chromium
    # A 4xx that a test provokes is one, too; what the page's own rules refuse is not.
    complaints = [line for line in chromium.complaints() if "the server responded with" not in line]
    assert complaints == []


def sign_in(browser: Browser, server: Tollgate, secret: str | None = None, page: str = "") -> None:
    browser.open(f"http://{server.http}/console{page}")
    browser.fill("API key", secret or server.admin_key)
    browser.press("Sign in")


@pytest.fixture
def console(browser: Browser, server: Tollgate) -> Browser:
    """The console of the shared server's administrator."""
    sign_in(browser, server)
    browser.sees("Overview")
    return browser


def ask(server: Tollgate, secret: str, model: str = "gpt-4o") -> requests.Response:
    """Asks as a proxy would."""
    return requests.get(
        f"http://{server.rpc}/authz/v1/check",
        headers={**Key("", secret).bearer, "x-tollgate-model": model, "x-tollgate-tokens": "10"},
        timeout=30,
    )


def go(browser: Browser, page: str) -> None:
    browser.driver.execute_script("location.hash = arguments[0]", f"#/{page}")


# What is served


def test_it_is_served_without_a_key_and_needs_nothing_from_elsewhere(server):
    page = requests.get(f"http://{server.http}/console", timeout=30)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    names, seen = set(FILES.findall(page.text)), set()
    assert names
    while names - seen:
        name = (names - seen).pop()
        seen.add(name)
        file = requests.get(f"http://{server.http}/console/{name}", timeout=30)
        assert file.status_code == 200, name
        assert file.headers["x-content-type-options"] == "nosniff"
        assert "http://" not in file.text and "https://" not in file.text
        names |= set(FILES.findall(file.text))
    assert {"main.js", "form.js", "console.css"} <= seen
    for policy in ["default-src 'none'", "script-src 'self'", "connect-src 'self'"]:
        assert policy in page.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["other.js", "main.js.map", "..%2Fmain.js", "console.html"])
def test_other_files_are_not_there(server, name):
    answer = requests.get(f"http://{server.http}/console/{name}", timeout=30)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_a_slash_behind_its_path_leads_to_it(server):
    answer = requests.get(f"http://{server.http}/console/", timeout=30)
    assert (answer.status_code, answer.url) == (200, f"http://{server.http}/console")


# Who is let in


def test_a_wrong_key_is_refused_and_nothing_else_is_shown(browser, server):
    sign_in(browser, server, "tg_live_wrong")
    browser.sees("API key")
    browser.until(lambda: browser.find("//*[@role='alert']").text, "no complaint")
    assert "Overview" not in browser.text


def test_the_key_is_kept_in_memory_alone(console, server):
    kept = console.driver.execute_script(
        "return JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, "
        "location.href, document.documentElement.outerHTML])"
    )
    assert server.admin_key not in kept
    console.driver.refresh()
    console.sees("API key")


def test_a_key_that_is_revoked_meanwhile_is_signed_out(browser, server, issue, admin):
    key = issue(permissions={"manage_keys": True, "view_all_usage": True})
    sign_in(browser, server, key.secret, "#/keys")
    browser.sees("New key")
    admin.revoke(key)
    go(browser, "teams")
    browser.sees("Sign in")
    assert "New key" not in browser.text


def test_a_key_that_sees_its_own_usage_alone_is_told_what_it_lacks(browser, server, issue):
    sign_in(browser, server, issue().secret)
    browser.sees("Today")
    go(browser, "keys")
    browser.sees("manage_keys")
    assert "New key" not in browser.text


# What is done with it


def test_a_key_is_made_with_its_limits_and_its_secret_is_shown_once(console, server, admin):
    go(console, "keys")
    console.press("New key")
    console.fill("Name", "from the console")
    console.fill("Allowed models", "gpt-4o*\no1")
    console.expand("Budget limits")
    console.fill("Monthly", "12.5")
    console.press("Save")
    secret = console.find("//output").text
    console.press("Done")
    console.sees("from the console")
    assert secret not in console.driver.page_source
    [made] = [key for key in admin.keys(q="from the console")]
    assert made["allowed_models"] == ["gpt-4o*", "o1"]
    assert made["budget_limits"]["monthly"] == 12.5
    assert ask(server, secret, "o1").status_code == 200


def test_a_field_that_is_refused_is_marked_and_the_rest_is_kept(console, admin):
    go(console, "keys")
    console.press("New key")
    console.fill("Name", "half a key")
    console.expand("IP allowlist")
    console.fill("Addresses", "not-an-address")
    console.press("Save")
    complaint = console.find("//dialog//*[@role='alert'][normalize-space()!='']")
    assert "ip_allowlist" in complaint.text
    assert console.value("Name") == "half a key"
    console.press("Cancel")
    assert admin.keys(q="half a key") == []


def test_a_change_sends_what_was_changed_and_nothing_else(console, issue, admin):
    key = issue(
        description="before", allowed_models=["gpt-4o"], budget_limits={"daily": 1, "monthly": 9}
    )
    before = admin.get(key)
    go(console, f"keys/{key.id}")
    console.press("Edit")
    console.fill("Description", "after")
    console.fill("Daily", "")
    console.press("Save")
    console.sees("was changed")
    after = admin.get(key)
    assert after["description"] == "after"
    assert after["budget_limits"].get("daily") is None
    assert after["budget_limits"]["monthly"] == 9
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"description", "budget_limits", "version", "updated_at", "remaining"}


def test_a_record_that_somebody_else_has_changed_is_not_overwritten(console, issue, admin):
    key = issue(description="before")
    go(console, f"keys/{key.id}")
    console.press("Edit")
    console.fill("Description", "mine")
    admin.patch(key, description="theirs")
    console.press("Save")
    console.until(
        lambda: console.find("//dialog//*[@role='alert'][normalize-space()!='']"), "no complaint"
    )
    assert admin.get(key)["description"] == "theirs"
    console.press("Cancel")


def test_what_cannot_be_undone_is_asked_about(console, issue, admin):
    key = issue(name="to be revoked")
    go(console, f"keys/{key.id}")
    console.press("Revoke")
    console.press("Cancel")
    assert admin.get(key)["status"] == "enabled"
    console.press("Disable")
    console.sees("disabled")
    console.press("Enable")
    console.sees("The key is enabled.")
    console.press("Revoke")
    console.sees("never works again")
    console.driver.find_element("xpath", "//dialog//button[normalize-space()='Revoke']").click()
    eventually(lambda: admin.get(key)["status"] == "revoked", "the key is revoked")


def test_a_rotated_key_shows_its_new_secret(console, server, issue):
    key = issue()
    go(console, f"keys/{key.id}")
    console.press("Rotate")
    console.fill("Grace", "1h")
    console.press("Save")
    secret = console.find("//output").text
    console.press("Done")
    assert secret != key.secret
    for working in [secret, key.secret]:
        assert ask(server, working).status_code == 200


def test_a_simulation_says_why(console, issue):
    key = issue(allowed_models=["gpt-4o"])
    go(console, f"keys/{key.id}")
    console.press("Simulate")
    console.fill("Model", "o1")
    console.press("Save")
    console.sees("denied")
    console.sees("model")
    console.press("Done")


def test_text_of_others_is_shown_and_never_run(console, issue):
    text = "<img src=x onerror=document.title='run'><script>document.title='run'</script>"
    key = issue(name=text, description=text, metadata={"a": text})
    for page in ["keys", f"keys/{key.id}"]:
        go(console, page)
        console.sees(text)
    assert console.driver.find_elements("xpath", "//main//img | //main//script") == []
    assert console.driver.title != "run"


def test_a_long_list_comes_in_pages_and_is_filtered(console, admin):
    for number in range(101):
        admin.create(name=f"paged {number}", group="console")
    go(console, "keys?group=console")
    console.sees("100 shown.")
    console.press("More")
    console.sees("101 shown.")
    console.fill("Search", "paged 57")
    console.press("Show")
    console.sees("1 shown.")
    assert "group=console" in console.driver.current_url


def test_usage_limits_and_the_audit_log_are_those_of_the_api(console, server, issue):
    key = issue(name="seen in the console", request_limits={"total": 2})
    for _ in range(2):
        reservation = ask(server, key.secret).headers["x-tollgate-reservation"]
        report = {"reservation_id": reservation, "input_tokens": 4, "output_tokens": 3}
        url = f"http://{server.rpc}/authz/v1/settle"
        assert requests.post(url, json=report, timeout=30).status_code == 200
    assert ask(server, key.secret).status_code == 402
    go(console, f"keys/{key.id}")
    console.sees("request_limits.total")
    console.press("Audit log")
    console.sees("request_quota_exceeded")
    console.sees("seen in the console")
    console.sees("3 shown.")
    console.press("Export csv")
    file = console.downloads / "audit-logs.csv"
    eventually(lambda: file.exists(), "the file was saved")
    assert file.read_text().count(key.id) >= 3
    go(console, f"usage?key_id={key.id}&group_by=model&days=1")
    row = console.find("//main//tr[td[normalize-space()='gpt-4o']]").text
    assert row.startswith("gpt-4o 2 1 8 6 $"), row


def test_the_other_records_can_be_made_too(console, admin):
    go(console, "organizations")
    console.press("New organization")
    console.fill("ID", "console-org")
    console.fill("Name", "Made in the console")
    console.press("Save")
    console.sees("Made in the console")
    console.press("console-org")
    console.press("Add credits")
    console.fill("Amount", "5")
    console.press("Save")
    console.sees("$5.00")
    go(console, "suppliers")
    console.press("New supplier")
    console.fill("Name", "console-supplier")
    console.fill("Provider", "openai")
    console.fill("Base URL", "https://eu.example.com/v1")
    console.expand("Credential")
    console.fill("Type", "bearer")
    console.fill("Value", "canary-of-the-console")
    console.press("Save")
    console.sees("https://eu.example.com/v1")
    assert "canary-of-the-console" not in console.driver.page_source
    go(console, "models")
    console.press("New model")
    console.fill("ID", "console-model")
    console.fill("Provider", "openai")
    console.fill("Input price", "1.25")
    console.fill("Output price", "10")
    console.press("Save")
    eventually(lambda: admin.call("GET", "/v1/models/console-model").status_code == 200, "a model")
    model = admin.expect(200, "GET", "/v1/models/console-model")
    assert (model["input_price"], model["output_price"]) == (1.25, 10)
    for path in ["suppliers/console-supplier", "models/console-model"]:
        go(console, path)
        console.press("Delete")
        console.sees("Delete " + path.split("/")[1])
        console.driver.find_element("xpath", "//dialog//button[normalize-space()='Delete']").click()
        console.sees("was deleted")


def test_a_webhook_is_made_tested_and_shows_what_came_of_it(console):
    go(console, "webhooks")
    console.press("New webhook")
    console.fill("URL", "http://127.0.0.1:9/nobody")
    console.press("Save")
    secret = console.find("//output").text
    assert secret.startswith("whsec_")
    console.press("Done")
    console.press("http://127.0.0.1:9/nobody")
    console.press("Send a test")
    console.sees("webhook.test")
    console.press("Delete")
    console.driver.find_element("xpath", "//dialog//button[normalize-space()='Delete']").click()
    console.sees("was deleted")


@pytest.mark.parametrize(
    "page",
    ["overview", "keys", "organizations", "teams", "users", "usage", "audit-logs", "alerts",
     "models", "suppliers", "webhooks"],
)  # fmt: skip
def test_every_page_shows_itself_without_a_complaint(console, page):
    go(console, page)
    console.until(
        lambda: console.driver.execute_script(
            "return document.querySelector('main h1') && !document.querySelector('main[aria-busy]')"
        ),
        "the page",
    )
    assert console.driver.find_elements("xpath", "//main//*[@role='alert'][text()]") == []
    # What is shown can be reached by keyboard and has a name for those who hear it.
    nameless = console.driver.execute_script(
        "return [...document.querySelectorAll('main button, main a, main select, main input')]"
        ".filter(e => !(e.textContent.trim() || e.labels?.length || e.ariaLabel || e.title))"
        ".map(e => e.outerHTML)"
    )
    assert nameless == []
