"""What a person reads in a project with `language: zh` is Chinese, all of it, and nothing else is.

The pages are written in English; hooks/zh has the Chinese of each block or line of them.
"""

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from copier import run_copy
from inngest_devtools.cli import cli
from inngest_devtools.words_zh import WORDS
from typer.main import get_command

from tests.conftest import EXAMPLES, REPOSITORY

VARIANTS = {
    "new, every file": {
        "examples": EXAMPLES,
        "deploy": ["compose", "kubernetes"],
        "os": "all",
        "db_url": "postgresql://me@localhost:5432/inngest",
    },
    "new, a cluster": {"deploy": ["kubernetes"], "os": "macos"},
    "new, hardly anything": {"examples": ["errors"], "deploy": [], "os": "windows"},
    "added, every example": {"package": "src/shop", "examples": EXAMPLES},
    "added to a flat project": {"package": ".", "examples": ["event"], "os": "windows"},
}
PAGES = {
    path.relative_to(REPOSITORY / "hooks/zh").with_suffix("").as_posix(): path
    for path in (REPOSITORY / "hooks/zh").rglob("*.jinja")
}
DEVTOOLS = REPOSITORY / "template/tools/inngest-devtools/src/inngest_devtools"
END_OF_PAIR = "\n=====\n"
END_OF_ENGLISH = "\n-----\n"
NAMES = {"uv", "poetry", "pdm", "hatch", "my-app"}  # in no language
COMMAND = r"\b(?:cd|uv|git|copier|python3?|install|openssl) [!-~ ]+"

every_page = pytest.mark.parametrize("page", PAGES)


@pytest.fixture(scope="module")
def chinese_pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Each page in each variant that has it; a number before what comes from the catalogue."""
    template = tmp_path_factory.mktemp("template")
    for name in ("copier.yml", "hooks", "template"):
        source = REPOSITORY / name
        copy_whole = shutil.copytree if source.is_dir() else shutil.copy
        copy_whole(source, template / name)
    for page in PAGES:
        number_pairs(template / "hooks/zh" / f"{page}.jinja")
    write_messages_as_files(template)

    pages: dict[str, list[str]] = {page: [] for page in PAGES}
    for answers in VARIANTS.values():
        project = tmp_path_factory.mktemp("my-app")
        data = {"app_id": "my-app", "language": "zh"} | answers
        run_copy(str(template), project, data=data, defaults=True, quiet=True)
        for page in PAGES:
            for path in find_pages(project, page):
                pages[page].append(path.read_text(encoding="utf-8"))
    return pages


def find_pages(project: Path, page: str) -> list[Path]:
    """The page; one of the Inngest package's is wherever that is."""
    return list(project.rglob(page)) if page.endswith(".html") else list(project.glob(page))


def write_messages_as_files(template: Path) -> None:
    """For Copier prints them, and one of them at an update only."""
    folder = template / "template/messages"
    folder.mkdir()
    for name in ("after_copy.txt", "after_update.txt"):
        include = f"{{% include 'hooks/messages/{name}.jinja' %}}"
        (folder / f"{name}.jinja").write_text(include, encoding="utf-8")


def number_pairs(catalogue: Path) -> None:
    pairs = catalogue.read_text(encoding="utf-8").split(END_OF_PAIR)
    numbered = [
        pair.replace(END_OF_ENGLISH, f"{END_OF_ENGLISH}⟦{number}⟧")
        for number, pair in enumerate(pairs)
    ]
    catalogue.write_text(END_OF_PAIR.join(numbered), encoding="utf-8")


@every_page
def test_say_everything_in_chinese(page: str, chinese_pages: dict[str, list[str]]) -> None:
    find = find_english_in_html if page.endswith(".html") else find_english
    left = {line for text in chinese_pages[page] for line in find(text)}
    assert left == set()


@every_page
def test_translate_nothing_that_no_page_says(
    page: str, chinese_pages: dict[str, list[str]]
) -> None:
    said = {int(number) for text in chinese_pages[page] for number in re.findall(r"⟦(\d+)⟧", text)}
    pairs = PAGES[page].read_text(encoding="utf-8").split(END_OF_PAIR)

    assert [pair for number, pair in enumerate(pairs) if number not in said] == []


@every_page
def test_link_to_headings_that_exist(page: str, chinese_pages: dict[str, list[str]]) -> None:
    for text in chinese_pages[page]:
        text = re.sub(r"⟦\d+⟧", "", text)
        headings = {anchor_of(heading) for heading in re.findall(r"^#+ (.+)$", text, re.M)}
        assert set(re.findall(r"\]\(#(.+?)\)", text)) <= headings


def anchor_of(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def find_english(text: str) -> Iterator[str]:
    is_code = False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif is_english(read_comment(line) if is_code else read_prose(line)):
            yield line


def find_english_in_html(text: str) -> Iterator[str]:
    """What stands between two tags, and the words of the script."""
    body = re.sub(r"<style>.*?</style>|(?<=WORDS = ).*", "", text, flags=re.S)
    (words,) = re.findall(r"WORDS = (\{.*?\})", text, re.S)
    for shown in re.findall(r">([^<>]+)<", body) + re.findall(r': "(.+?)"', words):
        if re.search(r"[A-Za-z]", shown) and not re.search(r"[\u4e00-\u9fff]", shown):
            yield shown


def read_comment(line: str) -> str:
    return line.partition("# ")[2]


def read_prose(line: str) -> str:
    """Without code, commands, addresses, quotations of a program, and lines of variables."""
    if re.match(r"(# )?[A-Z_]+=", line):
        return ""
    return re.sub(rf"`.+?`|https?://\S+|\(#.+?\)|“.+?”|{COMMAND}", "", line)


def is_english(text: str) -> bool:
    if re.search(r"[a-z]+ [a-z]+ [a-z]+", text):
        return True
    words = set(re.findall(r"\b[a-z][\w-]+", text)) - NAMES
    return bool(words) and not re.search(r"[\u4e00-\u9fff]", text)


def test_translate_each_text_of_the_devtools() -> None:
    said = set(find_texts())

    assert said - WORDS.keys() == set()
    assert WORDS.keys() - said == set()


@pytest.mark.parametrize("english", WORDS)
def test_keep_the_values_of_a_text(english: str) -> None:
    assert read_values(WORDS[english]) == read_values(english)


def test_show_the_doctors_own_words() -> None:
    pairs = (REPOSITORY / "hooks/zh/README.md.jinja").read_text(encoding="utf-8")
    lines = re.findall(r"^(?:ok  |fail) \w+ +(.+)\n-----\n(?:ok  |fail) \w+ +(.+)$", pairs, re.M)

    shown = {english: chinese for english, chinese in lines if english in WORDS}
    assert len(shown) >= 4
    assert shown == {english: WORDS[english] for english in shown}


def test_keep_both_readmes_in_step() -> None:
    english, chinese = (
        (REPOSITORY / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")
    )
    ours = re.sub(r"--data language=zh ", "", chinese)

    assert re.findall(r"^#+ ", english, re.M) == re.findall(r"^#+ ", ours, re.M)
    assert re.findall(r"```bash\n.*?```", english, re.S) == re.findall(
        r"```bash\n.*?```", ours, re.S
    )
    assert read_first_column(english, "answers") == read_first_column(ours, "问题与答案")
    assert (
        read_first_column(english, "troubleshooting")[:-1] == read_first_column(ours, "排错")[:-1]
    )


def read_first_column(readme: str, anchor: str) -> list[str]:
    for heading, text in re.findall(r"^## (.+?)$(.*?)(?=^## |\Z)", readme, re.M | re.S):
        if anchor_of(heading) == anchor:
            return re.findall(r"^\| (.+?) \|", text, re.M)[1:]
    raise AssertionError(anchor)


def find_texts() -> Iterator[str]:
    """What the devtools hand to `t`, at once or later, and the pages of `--help`."""
    group = get_command(cli)
    for command in (group, *group.commands.values()):  # type: ignore[attr-defined]
        yield from (part.help for part in (command, *command.params))
    for path in DEVTOOLS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(ast.Name("t" | "later"), [ast.Constant(str(english)), *_]):
                    yield english


def read_values(text: str) -> set[str]:
    return set(re.findall(r"(?<!\{)\{(\w+)", text))
