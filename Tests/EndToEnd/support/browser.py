"""A browser on the web console: what people see, and what they do with it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

#: How long anything may take to appear.
TIMEOUT = 30


class Browser:
    """Debian's Chromium, without a screen; it reaches this machine alone."""

    def __init__(self, directory: Path) -> None:
        driver, program = shutil.which("chromedriver"), shutil.which("chromium")
        assert driver and program, "no chromium here: scripts/install test"
        options = ChromeOptions()
        options.binary_location = program
        for argument in [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--window-size=1300,1000", f"--user-data-dir={directory}/profile",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ]:  # fmt: skip
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        downloads = directory / "downloads"
        downloads.mkdir()
        options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
        self.downloads = downloads
        self.driver = Chrome(options=options, service=Service(driver))

    def close(self) -> None:
        self.driver.quit()

    def open(self, url: str) -> None:
        self.driver.get("about:blank")
        self.driver.get(url)

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Waits until something holds; what changes while it is looked at is looked at again."""
        wait = WebDriverWait(
            self.driver, TIMEOUT, 0.05, ignored_exceptions=[StaleElementReferenceException]
        )
        return wait.until(lambda _: condition(), f"{what}; the page says:\n{self.text}")

    @property
    def text(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").text

    def sees(self, text: str) -> None:
        self.until(lambda: text in self.text, f"no {text!r}")

    def is_without(self, text: str) -> None:
        self.until(lambda: text not in self.text, f"still {text!r}")

    def find(self, xpath: str) -> WebElement:
        """The last element of this description that is shown: of dialogs, the one on top."""

        def shown() -> WebElement | None:
            found = [one for one in self.driver.find_elements(By.XPATH, xpath) if one.is_displayed()]
            return found[-1] if found else None

        return self.until(shown, f"no {xpath}")

    def press(self, text: str) -> None:
        """Presses a button or follows a link."""
        self.find(f"//*[self::button or self::a][normalize-space()='{text}']").click()

    def expand(self, title: str) -> None:
        """Opens a block of fields."""
        self.find(f"//dialog//summary[normalize-space()='{title}']").click()

    def fill(self, label: str, text: str) -> None:
        """Fills in a field by its label."""
        field = self._field(label)
        if field.tag_name == "select":
            Select(field).select_by_visible_text(text)
            return
        field.clear()
        field.send_keys(text)

    def value(self, label: str) -> str:
        return self._field(label).get_attribute("value") or ""

    def _field(self, label: str) -> WebElement:
        name = self.find(f"//label[starts-with(normalize-space(), '{label}')]")
        named = name.get_attribute("for")
        if named:
            return self.find(f"//*[@id='{named}']")
        return name.find_element(By.XPATH, ".//select")

    def complaints(self) -> list[str]:
        """What the browser itself had to complain about: refused scripts, failed loads, errors."""
        return [
            entry["message"] for entry in self.driver.get_log("browser")
            if entry["level"] == "SEVERE"
        ]  # fmt: skip
