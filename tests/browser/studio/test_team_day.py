"""A team's day in the browser, from a zip on a lead's computer to an export that has every painted pixel.

One studio with accounts and three browsers: Ada, an admin, and later Ben sit at the first one, Lea, the lead,
at another machine, and Cleo has a tablet. Each function below is a step of the walk.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.studio.accounts import PASSWORD, change_the_password, invite, join, sign_in, sign_out
from tests.browser.studio.conftest import Review, Studio, visit

NAMES = ["a", "b", "c", "d", "e"]
CLASSES = ["background", "cat", "dog", "kitten"]
CAT, DOG, KITTEN = 1, 2, 3
WIDTH, HEIGHT = 60, 40


@dataclass
class Painted:
    """What somebody painted, by picture (hidden copies are other pictures): name, person and mask."""

    names: dict[int, str] = field(default_factory=dict)
    people: dict[int, str] = field(default_factory=dict)
    masks: dict[int, np.ndarray] = field(default_factory=dict)


@pytest.fixture
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio with accounts in which nobody has one yet."""
    studio = Studio(
        tmp_path_factory.mktemp("shared") / "workspace",
        environment={"PUZZLECAM_ACCESS": "accounts", "PUZZLECAM_WORKER": "false"},
    )
    studio.start()
    yield studio
    studio.kill()


def zip_of_pets(path: Path) -> None:
    """Five small pictures with tags, and masks in which something is left to do."""
    tags = ["image,tags"]
    with zipfile.ZipFile(path, "w") as archive:
        for number, name in enumerate(NAMES):
            noise = np.random.default_rng(number).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
            mask = np.zeros((HEIGHT, WIDTH), np.uint8)
            mask[8:30, 6:24] = CAT
            mask[8:30, 32:50] = DOG if number % 2 else KITTEN
            for file, pixels in ((f"{name}.jpg", noise), (f"masks/{name}.png", mask)):
                stored = io.BytesIO()
                Image.fromarray(pixels).save(stored, "PNG" if file.endswith("png") else "JPEG")
                archive.writestr(f"pets/{file}", stored.getvalue())
            tags.append(f"{name}.jpg,cat;{CLASSES[DOG if number % 2 else KITTEN]}")
        archive.writestr("pets/tags.csv", "\n".join(tags))
        archive.writestr("pets/labels.txt", "\n".join(CLASSES))


def upload(page: Page, studio: Studio, packed: Path) -> None:
    """The connection breaks once; the upload goes on."""
    broken: list[str] = []

    def break_first(route: Route) -> None:
        if broken:
            route.continue_()
        else:
            broken.append(route.request.url)
            route.abort()

    page.route("**/api/uploads/*/files*", break_first)
    page.goto(f"{studio.url}/datasets")
    said = page.locator(".ds-uploads").get_by_role("status")
    page.locator('input[type=file][aria-label="Choose files"]').set_input_files(packed)
    expect(said).to_contain_text("1 file")
    page.get_by_label("Name of the new dataset").fill("pets")
    page.get_by_label("Masks in the upload").select_option("proposals")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(said).to_contain_text("5 pictures found: 5 added")
    assert broken
    page.unroute("**/api/uploads/*/files*")


def look_through_the_gallery(page: Page, studio: Studio, dataset_id: int) -> None:
    """Pictures are selected by keyboard, decided together, brought back, found, and opened in Review."""
    page.goto(f"{studio.url}/gallery?dataset={dataset_id}")
    page.get_by_label("Dataset", exact=True).select_option(label="pets")
    page.get_by_label("Status", exact=True).select_option("")
    page.get_by_label("Order").select_option("name")
    tiles = page.locator(".gl-name")
    expect(tiles).to_have_text([f"{name}.jpg" for name in NAMES])
    page.locator(".gl-grid").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator('.gl-tile[aria-selected="true"]')).to_have_count(2)
    page.keyboard.press("n")
    expect(page.locator(".gl-said")).to_have_text("2 pictures skipped.")
    expect(page.locator('.gl-tile [data-status="skipped"]')).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".gl-said")).to_have_text("2 pictures changed back.")
    expect(page.locator('.gl-tile [data-status="proposed"]')).to_have_count(5)
    page.keyboard.press("/")
    page.keyboard.type("D.J")
    expect(tiles).to_have_text(["d.jpg"])
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.locator(".pr-item-name")).to_have_text("d.jpg")
    expect(page.locator(".pr-queue-name")).to_have_text(["d.jpg"])
    page.get_by_label("Part of the name").fill("")
    expect(page.locator(".pr-queue-item")).to_have_count(len(NAMES))


def split_the_work(page: Page, studio: Studio) -> None:
    """Every picture gets a second look, and two of five go to both people without their knowing."""
    page.goto(f"{studio.url}/team")
    page.get_by_role("combobox", name="Dataset", exact=True).select_option(label="pets")
    expect(page.locator(".pp-main > [inert]")).to_have_count(0)  # what is shown is about the chosen dataset
    form = page.locator("form", has=page.get_by_role("button", name="Share out"))
    expect(form.get_by_label("Ben", exact=True)).to_be_visible()
    page.get_by_label("Finished pictures that get a second look").select_option("all")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".pp-notice")).to_have_text("The rule is stored.")
    for name in ("Ben", "Cleo"):
        form.get_by_label(name, exact=True).check()
    page.get_by_label("Labeled by several, unknowingly (%)").fill("40")
    page.get_by_role("button", name="Share out").click()
    expect(page.locator(".pp-notice")).to_have_text("Shared out: Ben 3, Cleo 2. 2 hidden copies made.")


def open_queue(person: Review, dataset_id: int) -> int:
    """Go to one's own work; how many pictures it is."""
    person.page.goto(f"{person.studio.url}/?dataset={dataset_id}")
    expect(person.page.locator(".pr-save")).to_have_text("Saved")
    return person.page.locator(".pr-queue-item").count()


def label(person: Review, who: str, painted: Painted, *, row: int) -> None:
    """Paint a line of cat over the open picture and accept it."""
    page = person.page
    item = page.evaluate("window.puzzlecamReview.current.item")
    page.keyboard.press("1")
    page.keyboard.press("b")
    person.drag((2, row), (WIDTH - 4, row))
    painted.names[item["id"]] = Path(item["name"]).stem
    painted.people[item["id"]] = who
    painted.masks[item["id"]] = person.mask()
    assert painted.masks[item["id"]][row, WIDTH // 2] == CAT
    page.keyboard.press("a")
    finished = """id => {
        const { current, draft, queue } = window.puzzlecamReview;
        const row = queue.items.find((one) => one.id === id);
        const isNext = !row || ["accepted", "corrected"].includes(row.status);
        return isNext || document.querySelector(".pr-warning")?.checkVisibility();
    }"""
    page.wait_for_function(finished, arg=item["id"])
    if page.locator(".pr-warning").is_visible():
        page.keyboard.press("a")


def meet(ben: Review, lead: Review, dataset_id: int) -> None:
    """The lead cannot disturb the picture that Ben has open, and "next" passes over it."""
    page = lead.page
    name = ben.page.evaluate("window.puzzlecamReview.current.item.name")
    page.goto(f"{lead.studio.url}/?dataset={dataset_id}")
    expect(page.locator(".pr-queue-item")).to_have_count(len(NAMES))
    page.get_by_label("Whose pictures").select_option("")
    page.locator(".pr-queue-item", has_text=name).click()
    banner = page.locator(".pr-team-banner")
    expect(banner).to_contain_text("Ben has been working on this picture since")
    expect(page.get_by_role("button", name="Accept")).to_be_disabled()
    before = lead.mask()
    page.keyboard.press("1")
    lead.drag((5, 30), (50, 30))
    assert (lead.mask() == before).all()
    banner.get_by_role("button", name="Next free picture").click()
    expect(banner).to_be_hidden()
    expect(page.get_by_role("button", name="Accept")).to_be_enabled()
    page.keyboard.press("ArrowLeft")  # the one before is Ben's
    expect(page.locator(".pr-item-name")).not_to_have_text(name)


def label_all(person: Review, who: str, painted: Painted, *, row: int) -> None:
    """Finish the pictures of one's own queue."""
    page = person.page
    pictures = page.locator(".pr-queue-item").count()
    for number in range(pictures):
        page.wait_for_function(
            """done => {
                const { current, draft } = window.puzzlecamReview;
                return current && draft && !done.includes(current.item.id);
            }""",
            arg=[one for one, owner in painted.people.items() if owner == who],
        )
        label(person, who, painted, row=row + number)
    expect(page.locator(".pr-save")).to_have_text("Saved")
    expect(page.locator(".pr-queue-count")).to_have_text(f"{pictures} of {pictures} pictures · 0 left")


def return_one(lead: Review, dataset_id: int, painted: Painted) -> int:
    """Lea looks at the first finished picture, comments on a place, and returns it; the id of the picture."""
    page = lead.page
    page.goto(f"{lead.studio.url}/?dataset={dataset_id}")
    page.get_by_label("Status", exact=True).select_option("waiting")
    expect(page.locator(".pr-look")).to_contain_text("no second look yet")
    expect(page.locator(".pr-queue-item")).to_have_count(len(NAMES))
    item_id: int = page.evaluate("window.puzzlecamReview.current.item.id")
    np.testing.assert_array_equal(lead.mask(), painted.masks[item_id])
    page.locator(".pr-look button", has_text="Comment").click()
    page.mouse.click(*lead.to_screen(40, 30))
    page.get_by_label("Comment", exact=True).fill("The tail is missing")
    page.keyboard.press("Enter")
    expect(page.locator(".pr-pin")).to_have_text("1")
    page.keyboard.press(";")
    expect(page.locator(".pr-item-name")).not_to_have_text(f"{painted.names[item_id]}.jpg")
    return item_id


def change_and_approve_one(lead: Review, painted: Painted) -> None:
    """Lea paints over the next picture, sees it beside the labeler's mask, and approves her own."""
    page = lead.page
    lead.wait_for(page.locator(".pr-item-name").inner_text().removesuffix(".jpg"))
    item_id: int = page.evaluate("window.puzzlecamReview.current.item.id")
    page.keyboard.press("2")
    lead.drag((2, 38), (WIDTH - 4, 38))
    changed = lead.mask()
    different = int((changed != painted.masks[item_id]).sum())
    page.keyboard.press("Shift+Y")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Before: {painted.people[item_id]}After: Lea")
    expect(dialog).to_contain_text(f"{different} pixels differ")
    dialog.get_by_role("button", name="Close").click()
    page.keyboard.press("z")
    expect(page.locator(".pr-item-name")).not_to_have_text(f"{painted.names[item_id]}.jpg")
    painted.masks[item_id] = changed
    page.get_by_label("Status", exact=True).select_option("approved")
    panel = page.locator(".pr-look")
    expect(panel).to_contain_text(f"Lea approved this mask after changing {painted.people[item_id]}'s.")
    panel.get_by_role("button", name="Before and after").click()
    expect(dialog).to_contain_text(f"{different} pixels differ")
    dialog.get_by_role("button", name="Close").click()


def mend_the_returned(person: Review, who: str, dataset_id: int, painted: Painted) -> None:
    """It comes first, with the comment; the labeler paints what is missing and says that it is done."""
    page = person.page
    page.goto(f"{person.studio.url}/?dataset={dataset_id}")
    panel = page.locator(".pr-look")
    expect(panel).to_contain_text(f"Lea returned this picture to {who}.")
    expect(panel).to_contain_text("The tail is missing")
    panel.get_by_role("button", name="Done: The tail is missing").click()
    expect(page.locator(".pr-pin")).to_have_count(0)
    label(person, who, painted, row=34)
    expect(page.locator(".pr-save")).to_have_text("Saved")


def see_agreement(page: Page, studio: Studio) -> None:
    """Two pictures were finished by both people, each on their own."""
    page.goto(f"{studio.url}/team")
    panel = page.locator(".pp-section", has=page.get_by_role("heading", name="Agreement"))
    expect(panel).to_contain_text("2 pictures given to several people, 2 finished by at least two of them.")
    expect(panel).to_contain_text(re.compile("Ben and Cleo|Cleo and Ben"))
    panel.get_by_role("button", name="Compare").first.click()
    for name in ("Where they differ", "Ben", "Cleo", "Majority", "STAPLE"):
        shown = panel.get_by_role("img", name=name)
        panel.get_by_role("button", name=name, exact=True).click()
        expect(shown).to_be_visible()
        page.wait_for_function("image => image.complete && image.naturalWidth", arg=shown.element_handle())


def change_the_classes(page: Page, studio: Studio, dataset_id: int) -> None:
    """A class is renamed and described, another one merged, brought back, and merged again."""
    page.goto(f"{studio.url}/datasets?dataset={dataset_id}")
    listed = page.locator("#classes .ds-root")
    expect(page.locator('.ds-root[data-shown="pets"]:not([inert])')).to_be_visible()
    page.get_by_label("Name of dog").fill("hound")
    page.get_by_label("Description of cat").fill("Kittens too")
    page.get_by_role("button", name="Add a class").click()
    page.get_by_label("Name of the new class").fill("bird")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(listed).to_contain_text("Saved.")
    changes = page.get_by_label("Classes that were merged or removed")
    for last in (False, True):
        page.get_by_role("button", name="Merge or remove kitten").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("This changes")
        dialog.get_by_label("What its pixels become").select_option(label="cat")
        dialog.get_by_role("button", name="Change the masks").click()
        expect(changes).to_contain_text("kitten was merged into cat")
        if not last:
            changes.get_by_role("button", name="Undo").click()
            expect(changes).to_contain_text("undone")
            expect(page.get_by_label("Name of kitten")).to_be_visible()
    expect(changes.get_by_role("button", name="Undo")).to_be_visible()  # the masks are changed


def see_the_classes(person: Review, dataset_id: int) -> None:
    page = person.page
    page.goto(f"{person.studio.url}/?dataset={dataset_id}")
    expect(page.get_by_title("Kittens too")).to_be_visible()
    names = page.locator(".pr-class-name").all_text_contents()
    assert set(names) == {"background", "cat", "hound", "bird", "void"}


def take_home(page: Page, studio: Studio) -> dict[str, np.ndarray]:
    """Export on the page, download, and remove; the masks by name."""
    page.goto(f"{studio.url}/export")
    page.locator("#export-dataset input").click()
    page.get_by_role("option", name="pets", exact=True).click()
    expect(page.locator("#export-preview")).to_contain_text("5 of 5 pictures")
    page.locator("#export-start").click()
    row = page.locator(".ex-row", has_text="pets")
    expect(row).to_contain_text("5 pictures, voc")
    expect(row).to_contain_text("cat, hound")
    with page.expect_download() as download:
        row.get_by_role("button", name="Download").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        paths = [Path(one) for one in archive.namelist() if "/SegmentationClass/" in one]
        masks = {
            one.stem: np.asarray(Image.open(io.BytesIO(archive.read(one.as_posix()))))
            for one in paths
            if one.suffix == ".png"
        }
    page.on("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
    return masks


def test_a_team_brings_shares_checks_and_takes_home(
    page: Page,
    profiles: Callable[[int, int], BrowserContext],
    shared: Studio,
    pictures: Path,
    tmp_path: Path,
) -> None:
    with visit(profiles(1280, 800)) as elsewhere, visit(profiles(820, 1180)) as tablet:
        ben, lead, cleo = Review(page, shared), Review(elsewhere, shared), Review(tablet, shared)

        # An admin joins by the link that the start printed, and invites a lead.
        printed = (shared.workspace.parent / "studio.log").read_text()
        first_link = re.search(r"http://\S+/join/\S+", printed)
        assert first_link is not None, printed
        join(page, first_link[0], "Ada")
        shared.import_folder(pictures, "secret")
        lead_link = invite(page, shared, "lead", "sample")
        sign_out(page)

        # The lead brings pictures, leads these too, and sees no other dataset.
        join(elsewhere, lead_link, "Lea")
        packed = tmp_path / "pets.zip"
        zip_of_pets(packed)
        upload(elsewhere, shared, packed)
        seen = elsewhere.request.get(f"{shared.url}/api/datasets").json()["datasets"]
        assert sorted(one["name"] for one in seen) == ["pets", "sample"]
        dataset_id = next(one["id"] for one in seen if one["name"] == "pets")
        look_through_the_gallery(elsewhere, shared, dataset_id)

        # Two people join and see no more than labelers may.
        for person, name in ((page, "Ben"), (tablet, "Cleo")):
            join(person, invite(elsewhere, shared, "labeler", "pets"), name)
        expect(page.get_by_label("Your name", exact=True)).not_to_be_editable()
        links = page.locator(".nav-holder nav").get_by_role("link")
        expect(links.filter(visible=True)).to_have_text(["Review", "Gallery", "Team", "Account", "Sign out"])
        page.goto(f"{shared.url}/people")
        expect(page.get_by_role("heading")).to_have_text("This page is closed to you")
        assert page.request.get(f"{shared.url}/api/people").status == 403

        # The work is split, and both label.
        split_the_work(elsewhere, shared)
        painted = Painted()
        assert open_queue(ben, dataset_id) + open_queue(cleo, dataset_id) == len(NAMES) + 2
        meet(ben, lead, dataset_id)
        label_all(ben, "Ben", painted, row=3)
        label_all(cleo, "Cleo", painted, row=20)

        # One picture is returned and comes back better.
        returned = return_one(lead, dataset_id, painted)
        change_and_approve_one(lead, painted)
        who = painted.people[returned]
        mend_the_returned(ben if who == "Ben" else cleo, who, dataset_id, painted)

        see_agreement(elsewhere, shared)
        change_the_classes(elsewhere, shared, dataset_id)
        see_the_classes(lead, dataset_id)

        # What comes home is what was painted, with the kittens among the cats.
        found = elsewhere.request.get(f"{shared.url}/api/datasets/{dataset_id}/items?order=name").json()
        originals = {Path(one["name"]).stem: one["id"] for one in found["items"]}
        masks = take_home(elsewhere, shared)
        assert sorted(masks) == sorted(originals) == NAMES
        for name, mask in masks.items():
            wanted = painted.masks[originals[name]].copy()
            wanted[wanted == KITTEN] = CAT
            np.testing.assert_array_equal(mask, wanted, err_msg=name)

        # Ben changes his password; an admin locks Cleo out.
        change_the_password(page, shared, "Ben")
        sign_out(page)
        sign_in(page, "Ada", PASSWORD)
        page.get_by_role("link", name="People").click()
        page.get_by_role("button", name="Disable: Cleo").click()
        expect(page.locator(".pp-notice")).to_have_text("Cleo is signed out and cannot sign in.")
        tablet.goto(shared.url)
        expect(tablet.get_by_role("heading")).to_have_text("Sign in")
