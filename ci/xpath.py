"""Our XPath 2.0 beside Saxon's, which SoapUI evaluates with: the rows of the table in src/qa/xpath/tests.rs.

xpath.py TESTS.rs
Needs saxonche. A row that says an error must be one there, too; its words are our own.
"""

import re
import sys

from saxonche import PySaxonProcessor

# XPath 2.0 that Saxon reads and we refuse. A row that no longer differs is to be struck.
REFUSED = set()

source = open(sys.argv[1], encoding="utf-8").read()
message = re.search(r'const MESSAGE: &str = "(.*?)";\n', source, re.S).group(1)
table = source[source.index("let table = [") : source.index("let wrong")]
rows = re.findall(r'\(\s*"((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)",?\s*\)', table)


def plain(text):
    text = re.sub(r"\\u\{([0-9a-f]+)\}", lambda found: chr(int(found.group(1), 16)), text)
    return text.replace('\\"', '"').replace("\\\\", "\\").replace("\\n", "\n")


wrong = []
with PySaxonProcessor(license=False) as saxon:
    document = saxon.parse_xml(xml_text=message)
    for expression, expected in ((plain(one), plain(other)) for one, other in rows):
        # The day is the one our table was made on; theirs is today's.
        asked = expression.replace("current-date()", "xs:date('2026-03-01')")
        evaluator = saxon.new_xpath_processor()
        evaluator.set_language_version("2.0") if hasattr(evaluator, "set_language_version") else None
        evaluator.declare_namespace("t", "urn:t")
        evaluator.declare_namespace("o", "urn:o")
        evaluator.declare_namespace("xs", "http://www.w3.org/2001/XMLSchema")
        evaluator.set_context(xdm_item=document)
        try:
            found = evaluator.evaluate(asked)
            values = [] if found is None else [found.item_at(at).string_value for at in range(found.size)]
            said = " ".join(values)
        except Exception as error:  # noqa: BLE001
            said = f"error: {error}"
        is_error = expected.startswith(("static: ", "dynamic: "))
        differs = said.startswith("error: ") != is_error or (not is_error and said != expected)
        if differs != (expression in REFUSED):
            wrong.append(f"{expression}\n  ours   {expected}\n  Saxon  {said}")
if len(rows) < 150:
    sys.exit(f"xpath: {len(rows)} rows were found, expected the whole table")
if wrong:
    sys.exit("xpath: not as Saxon has it:\n" + "\n".join(wrong))
print(f"xpath: {len(rows) - len(REFUSED)} expressions have Saxon's values, or are errors there too; refused by us alone: {sorted(REFUSED)}")
