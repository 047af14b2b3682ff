"""The builder's rows say what the rule says: nothing is lost on the way to a form and back, whatever is pressed."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings

from eligibility import Vocabulary, parse, sentence
from eligibility.syntax import Node
from eligibility.unparse import to_cel
from marketplace.shipped import shipped_policies
from marketplace.web.admin_builder_bench import Bench, begun, canonical, sent, text_of
from marketplace.web.admin_builder_fields import fields_of, rows_of
from marketplace.web.admin_builder_moves import moved
from marketplace.web.admin_builder_rows import Assembly, Cel, Group, Part, Row, group_of
from marketplace.web.admin_builder_view import shown
from marketplace.web.admin_diagnosis import diagnosis
from tests.factories.examples import examples
from tests.factories.rules import conditions

WORDS = Vocabulary.shipped()
RULE = 'affected_by_epidemic && employees_end <= 300 && (province_code == "370000" || jobs_commitment)'


def there_and_back(root: Node) -> Node | None:
    """A tree as rows, as form fields, as rows and as a tree again."""
    assembly = Assembly(WORDS)
    found = assembly.node(rows_of(fields_of(group_of(root, WORDS)), WORDS), "b")
    assert assembly.problems == {}
    return found


def form_of(bench: Bench, **changes: str) -> dict[str, str]:
    """What the page of a bench would send."""
    drawn = shown(bench, "zh-CN")
    return {**fields_of(bench.rows), **drawn.held, "rule": bench.text, **changes}


def cel_rows(part: Part) -> list[str]:
    """The conditions that are left as CEL."""
    if isinstance(part, Group):
        return [text for below in part.parts for text in cel_rows(below)]
    return [part.text] if isinstance(part, Cel) else []


class TestRows:
    """A rule as rows."""

    @settings(max_examples=examples(200))
    @given(conditions)
    def test_go_to_a_form_and_back_without_loss(self, root: Node) -> None:
        assert there_and_back(root) == root

    def test_show_every_shipped_rule_almost_without_cel(self) -> None:
        left = []
        for entry in shipped_policies():
            root = parse(entry["rule"]).root
            assert there_and_back(root) == root, entry["id"]
            left += cel_rows(group_of(root, WORDS))
        assert left == ["loan_rate_pct <= lpr_1y_pct + 0.5"]

    @pytest.mark.parametrize(
        "text",
        [
            'as_of_date < date("2020-07-01") ? employees_end <= 300 : employees_end <= 500',
            'as_of_date < date("2020-07-01") ? employees_end <= 3 : '
            '(as_of_date < date("2021-01-01") ? employees_end <= 5 : employees_end <= 8)',
        ],
    )
    def test_give_a_value_that_changes_on_a_day_one_row(self, text: str) -> None:
        (row,) = group_of(parse(text).root, WORDS).parts
        assert isinstance(row, Row)
        assert (row.op, row.values[0]) == ("<=", text.split("<= ")[1].split(" ", maxsplit=1)[0])
        assert there_and_back(parse(text).root) == parse(text).root

    @pytest.mark.parametrize(
        "text",
        [
            'as_of_date < date("2021-01-01") ? employees_end <= 3 : '
            '(as_of_date < date("2020-07-01") ? employees_end <= 5 : employees_end <= 8)',
            'as_of_date < date("2020-07-01") ? employees_end <= 300 : employees_end < 500',
            "employees_end * 2 <= 300",
            "5 < employees_end",
            "!" * 30 + "jobs_commitment",
            "at_least(1, [jobs_commitment, "
            + "(" * 9
            + "jobs_commitment && affected_by_epidemic"
            + ")" * 9
            + "])",
        ],
    )
    def test_keep_what_they_cannot_show(self, text: str) -> None:
        assert to_cel(there_and_back(parse(text).root) or parse("false").root) == canonical(text)

    def test_deeper_or_longer_than_anybody_reads_stay_whole_as_cel(self) -> None:
        deep = "jobs_commitment"
        for at in range(12):
            deep = f"({deep} {'&&' if at % 2 else '||'} employees_end > {at})"
        long = " || ".join(f"employees_end == {at}" for at in range(122))
        for text in (deep, long):
            assert there_and_back(parse(text).root) == parse(text).root
        assert cel_rows(group_of(parse(long).root, WORDS)) == [long]


class TestTyping:
    """What people type into a row."""

    @pytest.mark.parametrize(
        ("fact", "op", "typed", "says"),
        [
            ("期末从业人员数", "<=", "30万", "employees_end <= 300000"),
            ("employees_end", "<=", "1,200", "employees_end <= 1200"),
            ("Employees at period end (for size class)", ">", "-5", "employees_end > -5"),
            ("disabled_employment_ratio", "<", "1.5%", "disabled_employment_ratio < 0.015"),
            ("layoff_rate_pct", "<", "城镇登记失业率", "layoff_rate_pct < registered_unemployment_rate_pct"),
            ("所在省", "==", "山东", 'province_code == "370000"'),
            ("所在省", "==", "370000 山东省", 'province_code == "370000"'),
            ("city_code", "==", "Jinan", 'city_code == "370100"'),
            ("所属行业", "within", "62", 'within(industry_code, ["62"])'),
            ("loan_start_date", ">=", "2020-01-25", 'loan_start_date >= date("2020-01-25")'),
        ],
    )
    def test_is_read_as_they_mean_it(self, fact: str, op: str, typed: str, says: str) -> None:
        if typed == "城镇登记失业率":
            typed = WORDS.facts["registered_unemployment_rate_pct"].label_zh
        form = {
            "b.kind": "all",
            "b.size": "1",
            "b.0.kind": "row",
            "b.0.fact": fact,
            "b.0.op": op,
            "b.0.v0": typed,
        }
        assert text_of(rows_of(form, WORDS)) == (says, {})

    @pytest.mark.parametrize(
        ("fields", "field", "offered"),
        [
            ({"fact": "从业人员"}, "b.0.fact", "期末从业人员数"),
            ({"fact": "employes_end"}, "b.0.fact", "期末从业人员数"),
            ({"fact": "employees_end", "op": "<=", "v0": "many"}, "b.0.v0", None),
            ({"fact": "employees_end", "op": "<=", "v0": ""}, "b.0.v0", None),
            ({"fact": "loan_start_date", "op": "<", "v0": "2020-02-30"}, "b.0.v0", None),
            ({"fact": "city_code", "op": "==", "v0": "鼓楼"}, "b.0.v0", None),
            ({"fact": "employees_end", "op": "<", "v0": "1", "d1": "2020-07-01", "w1": ""}, "b.0.w1", None),
            ({"fact": "employees_end", "op": "<", "v0": "1", "d1": "soon", "w1": "2"}, "b.0.d1", None),
        ],
    )
    def test_that_says_nothing_is_told_at_its_field_and_kept(
        self, fields: dict[str, str], field: str, offered: str | None
    ) -> None:
        form = {"b.kind": "all", "b.size": "1", "b.0.kind": "row", "rule": "", "rule_seen": ""}
        bench = sent({**form, **{f"b.0.{name}": text for name, text in fields.items()}})
        assert list(shown(bench, "zh-CN").unfinished) == [field]
        assert bench.text == ""
        line = shown(bench, "zh-CN").root.lines[0]
        if offered:
            assert line.fault is not None
            deed = next(deed for deed, words in line.fault.offers if words == offered)
            assert sent(form_of(bench), deed).rows.parts[0].fact == "employees_end"  # type: ignore[attr-defined]

    def test_of_another_fact_forgets_the_value_of_the_one_before_and_goes_on_to_the_comparison(self) -> None:
        bench = begun("employees_end <= 300")
        after = sent(form_of(bench, **{"b.0.fact": "所在省"}))
        assert after.rows.parts == (Row("province_code", "within", ("",)),)
        assert after.focus == "b.0.op"

    def test_is_never_too_much_or_too_odd(self) -> None:
        for odd in ("x", "-1", "99999999", "٣"):
            rows_of({"b.kind": odd, "b.size": odd, "b.count": odd, "b.not": odd}, WORDS)
        endless = {f"b{'.0' * at}.{name}": "1" for at in range(2_000) for name in ("size",)}
        assert rows_of(endless, WORDS).kind == "all"


class TestButtons:
    """What the buttons do to the rule."""

    @pytest.mark.parametrize(
        ("deed", "says"),
        [
            ("negate:b.1", RULE.replace("employees_end <= 300", "!(employees_end <= 300)")),
            ("remove:b.1", RULE.replace("employees_end <= 300 && ", "")),
            ("up:b.1", "employees_end <= 300 && affected_by_epidemic && " + RULE.split(" && ", 2)[2]),
            ("down:b.0", "employees_end <= 300 && affected_by_epidemic && " + RULE.split(" && ", 2)[2]),
            (
                "any:b",
                'affected_by_epidemic || employees_end <= 300 || province_code == "370000" || jobs_commitment',
            ),
            ("unwrap:b.2", RULE.replace("(", "").replace(")", "").replace("||", "&&")),
            (
                "remove:b.2.0",
                RULE.replace('(province_code == "370000" || jobs_commitment)', "jobs_commitment"),
            ),
            ("row:b", RULE),
            ("group:b.2", RULE),
            ("cel:b", RULE),
            ("wrap:b.0", RULE),
            ("later:b.1", RULE),
            (
                "at_least:b.2",
                RULE.split("(", maxsplit=1)[0] + 'at_least(1, [province_code == "370000", jobs_commitment])',
            ),
        ],
    )
    def test_change_the_text_with_the_rows(self, deed: str, says: str) -> None:
        bench = sent(form_of(begun(RULE)), deed)
        assert bench.text == says
        assert bench.past == (() if says == RULE else (RULE,))
        drawn = json.dumps([str(line) for line in shown(bench, "en").root.lines])
        assert bench.focus == "b.kind" or bench.focus.rpartition(".")[0].removeprefix("b") in drawn

    @pytest.mark.parametrize(
        "deed", ["", "row:x", "row:b.9", "up:b", "explode:b", "negate:b.-1", "row:b.0", "up:b.٣"]
    )
    def test_that_are_none_change_nothing(self, deed: str) -> None:
        assert moved(begun(RULE).rows, deed) is None
        assert sent(form_of(begun(RULE)), deed).text == RULE

    def test_are_undone_and_done_again_step_by_step(self) -> None:
        bench = begun(RULE)
        texts = [RULE]
        for deed in ("negate:b.0", "remove:b.1", "any:b"):
            bench = sent(form_of(bench), deed)
            texts.append(bench.text)
        for text in reversed(texts[:-1]):
            bench = sent(form_of(bench), "undo")
            assert (bench.text, text_of(bench.rows)[0]) == (text, text)
        assert bench.past == ()
        for text in texts[1:]:
            bench = sent(form_of(bench), "redo")
            assert bench.text == text
        assert bench.future == ()

    def test_bring_back_what_was_typed_into_the_text_before_them(self) -> None:
        typed = sent(form_of(begun(RULE), rule="jobs_commitment &&"), "negate:b.0")
        assert typed.text.startswith("!affected")
        assert sent(form_of(typed), "undo").text == "jobs_commitment &&"


class TestInStep:
    """Text and rows."""

    def test_the_rows_follow_a_text_that_can_be_read_and_wait_for_one_that_cannot(self) -> None:
        bench = sent(form_of(begun(RULE), rule="employees_end <="), "typing")
        assert (bench.rows, bench.seen) == (begun(RULE).rows, RULE)
        bench = sent(form_of(bench, rule="employees_end <= 20"), "typing")
        assert bench.rows == begun("employees_end <= 20").rows
        again = sent(form_of(bench, rule="employees_end <= 200"), "typing")
        assert again.past == (RULE,), "typing without a pause between is one step"

    def test_changed_apart_nobody_guesses(self) -> None:
        torn = sent(form_of(begun(RULE), **{"rule": "jobs_commitment", "b.1.v0": "20"}))
        assert torn.torn
        assert sent(form_of(torn), "use:text").text == "jobs_commitment"
        rows = sent(form_of(torn), "use:rows")
        assert "employees_end <= 20" in rows.text
        assert sent(form_of(rows), "undo").text == "jobs_commitment"

    def test_a_text_keeps_its_shape_while_it_says_the_same(self) -> None:
        shaped = "// who\naffected_by_epidemic\n  && employees_end <= 300"
        assert sent(form_of(begun(shaped)), "row:b").text == shaped

    def test_the_clause_of_a_condition_stays_with_it(self) -> None:
        cites = [{"condition": "employees_end <= 300", "clause_zh": "第二条", "clause_en": "art. 2"}]
        bench = begun(RULE, cites)
        assert bench.citations == cites
        moved_up = sent(form_of(bench), "up:b.1")
        assert moved_up.rows.parts[0].cited == ("第二条", "art. 2")
        other = sent(form_of(moved_up, **{"b.0.v0": "500"}))
        assert other.citations == [{**cites[0], "condition": "employees_end <= 500"}]
        gone = sent(form_of(other), "remove:b.0")
        assert gone.citations == []
        assert sent(form_of(gone), "undo").citations == other.citations
        typed = sent(form_of(other, rule=other.text.replace("500", "600")), "typing")
        assert typed.citations == [{**cites[0], "condition": "employees_end <= 600"}]

    def test_hidden_fields_changed_by_hand_are_taken_for_nothing(self) -> None:
        for odd in ("{", "[1, 2]", '{"a": 1}', "null", "[" * 20_000):
            bench = sent(form_of(begun(RULE), past=odd, future=odd, cites=odd), "negate:b.0")
            assert bench.text.startswith("!affected")


class TestComplaints:
    """About the text."""

    def test_say_line_and_column_mark_the_characters_and_can_be_taken_up(self) -> None:
        text = 'jobs_commitment\n  && province_cod == "370000"'
        (found,) = diagnosis(text, "en").complaints
        assert (found.row, found.column, found.suggestion) == (2, 6, "province_code")
        assert found.caret == "     " + "^" * len("province_cod")
        deed = f"fix:{found.start}:{found.end}:{found.suggestion}"
        assert diagnosis(sent(form_of(begun(RULE), rule=text), deed).text, "en").complaints == []
        for odd in ("fix:", "fix:9:1:x", "fix:0:99999:x", "fix:a:b:c"):
            assert sent(form_of(begun(RULE), rule=text), odd).text == text

    def test_stand_under_wide_characters_too(self) -> None:
        (found,) = diagnosis('entity_type == "公司"', "zh-CN").complaints
        assert found.caret.endswith("^\uff3e\uff3e^")


def test_a_value_by_day_is_told_in_the_sentence() -> None:
    bench = begun("employees_end <= 300")
    form = form_of(sent(form_of(bench), "later:b.0"), **{"b.0.d1": "2020-07-01", "b.0.w1": "500"})
    found = sent(form)
    assert found.text == 'as_of_date < date("2020-07-01") ? employees_end <= 300 : employees_end <= 500'
    assert "2020年7月1日" in sentence(parse(found.text))
    assert Decimal("500") == Decimal(str(found.rows.parts[0].later[0][1]))  # type: ignore[attr-defined]
