"""The page as a voter meets it: by HTTP, and by a whole ballot in Chromium."""

import json
import shutil
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from ops.preference.ballots import BallotBox
from ops.preference.report import preference_page
from ops.preference.studies import Study, shown_order
from ops.preference.web import study_app
from tests.ops.preference.small_study import METHODS, small_study


class Poll:
    """A running page."""

    def __init__(self, folder: Path) -> None:
        self.study: Study = small_study(folder)
        self.box = BallotBox(folder / "ballots.sqlite")
        config = uvicorn.Config(study_app(self.study, self.box), host="127.0.0.1", port=0, log_level="error", ws="none")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        self.url = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"

    def ask(self, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **headers}
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + path, data, sent), timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join()


@pytest.fixture
def poll(tmp_path: Path) -> Iterator[Poll]:
    poll = Poll(tmp_path)
    yield poll
    poll.close()


def vote(poll: Poll, **changes: object) -> dict[str, object]:
    return {
        "rater": "Anna",
        "photo": 0,
        "ranking": list(poll.study.photos[0].results.values()),
        "seconds": 3.5,
    } | changes


def test_a_vote_counts_once(poll: Poll) -> None:
    assert poll.ask("/votes", vote(poll))[0] == 201
    status, said = poll.ask("/votes", vote(poll, rater=" ANNA "))
    assert (status, b"first ballot stands" in said) == (409, True)
    [kept] = poll.box.ballots(poll.study.sha256)
    assert kept.ranking == METHODS
    assert set(kept.shown) == set(METHODS)


def test_a_rater_goes_on_where_they_stopped_and_sees_no_method(poll: Poll) -> None:
    poll.ask("/votes", vote(poll))
    _, said = poll.ask("/next?rater=anna")
    shown = json.loads(said)
    assert (shown["photo"], shown["done"], shown["total"]) == (1, 1, 2)
    assert tuple(shown["results"]) == shown_order(poll.study, "anna", poll.study.photos[1])
    assert not any(method in said.decode() for method in METHODS)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"rater": "<script>"}, 422),
        ({"photo": 2}, 422),
        ({"photo": -1}, 422),
        ({"photo": "0"}, 422),
        ({"ranking": []}, 422),
        ({"ranking": ["../study.json"] * 4}, 422),
        ({"seconds": float("inf")}, 422),
        ({"more": 1}, 422),
    ],
)
def test_what_is_no_vote_is_refused_and_not_kept(poll: Poll, changes: dict[str, object], status: int) -> None:
    assert poll.ask("/votes", vote(poll, **changes))[0] == status
    assert poll.box.ballots(poll.study.sha256) == []


def test_foreign_hosts_forms_and_floods_are_refused(poll: Poll) -> None:
    assert poll.ask("/", Host="evil.example")[0] == 400
    assert poll.ask("/votes", b"rater=anna", **{"Content-Type": "application/x-www-form-urlencoded"})[0] == 415
    assert poll.ask("/votes", b"x" * 20_000)[0] == 413
    assert poll.ask("/votes", b"not json")[0] == 422


@pytest.mark.parametrize("token", ["nothing", "..%2Fstudy.json", "%2Fetc%2Fpasswd", "study.json"])
def test_only_pictures_of_the_study_are_handed_out(poll: Poll, token: str) -> None:
    assert poll.ask(f"/pictures/{token}")[0] == 404
    status, png = poll.ask(f"/pictures/{poll.study.photos[0].old}")
    assert (status, png[:4]) == (200, b"\x89PNG")


def test_the_tables_follow_the_votes(poll: Poll) -> None:
    assert "Nobody has voted" in preference_page(poll.study, []).markdown()
    poll.ask("/votes", vote(poll))
    poll.ask("/votes", vote(poll, rater="Ben"))
    text = preference_page(poll.study, poll.box.ballots(poll.study.sha256)).markdown()
    assert "2 ballots of 2 raters on 2 photos" in text
    assert "| ours | 100.00% | 100.00% | 100.00% |" in text


@pytest.mark.browser
@pytest.mark.skipif(
    shutil.which("chromium") is None or shutil.which("chromedriver") is None, reason="Chromium is not installed"
)
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # selenium leaves its sockets to the garbage collector
def test_a_whole_ballot_by_keyboard_and_by_hand(poll: Poll) -> None:
    from selenium import webdriver
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1280,900",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        wait = WebDriverWait(driver, 20)

        def shown(name: str) -> bool:
            return driver.find_element(By.ID, name).is_displayed()

        def cards() -> list[Any]:
            return driver.find_elements(By.CSS_SELECTOR, ".result")

        driver.get(poll.url)
        driver.find_element(By.ID, "rater").send_keys("Anna", Keys.ENTER)
        wait.until(lambda _: shown("ballot") and len(cards()) == 4)
        first = [card.get_attribute("data-token") for card in cards()]
        for card in (cards()[2], cards()[0]):
            card.find_element(By.CSS_SELECTOR, ".pick").click()
        assert not driver.find_element(By.ID, "submit").is_enabled()
        driver.find_element(By.ID, "undo").click()
        for index in (3, 0):  # C, then D, then A; the last one follows
            cards()[index].find_element(By.CSS_SELECTOR, ".pick").click()
        assert [card.find_element(By.CSS_SELECTOR, ".place").text for card in cards()] == ["3", "4", "1", "2"]
        cards()[1].find_element(By.CSS_SELECTOR, ".row button").click()
        wait.until(lambda _: driver.find_element(By.ID, "which").text == "restoration B")
        ActionChains(driver).send_keys("+", Keys.ARROW_RIGHT).perform()
        wait.until(lambda _: driver.find_element(By.ID, "which").text == "restoration C")
        assert driver.find_element(By.ID, "scale").text == "2\u00d7"
        ActionChains(driver).send_keys(" ").perform()
        wait.until(lambda _: driver.find_element(By.ID, "which").text == "the old photo")
        ActionChains(driver).send_keys(Keys.ESCAPE).perform()
        wait.until(lambda _: not shown("zoom"))
        driver.find_element(By.ID, "submit").click()
        wait.until(lambda _: driver.find_element(By.ID, "count").text == "1 of 2")
        second = [card.get_attribute("data-token") for card in cards()]
        ActionChains(driver).send_keys("b", "c", "a", Keys.ENTER).perform()
        wait.until(lambda _: shown("thanks"))
        complaints = [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
    finally:
        driver.quit()
    assert complaints == []
    one, two = poll.box.ballots(poll.study.sha256)
    photo = poll.study.photos[0]
    assert one.ranking == tuple(photo.method_of(first[index]) for index in (2, 3, 0, 1))
    assert two.ranking == tuple(poll.study.photos[1].method_of(second[index]) for index in (1, 2, 0, 3))
    assert one.rater == "anna"
    assert 0 < one.seconds < 60
