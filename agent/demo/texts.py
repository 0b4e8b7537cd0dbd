"""The texts from which the demo's prompts are made."""

from __future__ import annotations

LANGUAGES = (
    "Bulgarian",
    "Croatian",
    "Czech",
    "Danish",
    "Dutch",
    "Estonian",
    "Finnish",
    "French",
    "German",
    "Greek",
    "Hungarian",
    "Irish",
    "Italian",
    "Latvian",
    "Lithuanian",
    "Maltese",
    "Norwegian",
    "Polish",
    "Portuguese",
    "Romanian",
    "Slovak",
    "Slovenian",
    "Spanish",
    "Swedish",
)
"""More languages than prompts that a person edits in one landing."""

SITUATIONS = (
    "the request is ambiguous",
    "a date is missing",
    "two documents disagree",
    "the text is longer than a page",
    "an amount has no currency",
    "a name is misspelt",
    "the question is out of scope",
    "the source is older than a year",
    "a table is involved",
    "the reader is new to the subject",
    "a reference number is given",
    "the same question comes again",
    "a unit of measure is unusual",
    "the answer is a single number",
    "an abbreviation is used",
    "the tone is impatient",
)

ACTIONS = (
    "ask one short question first",
    "say so in the first sentence",
    "quote the line it rests on",
    "give the shorter version",
    "name both possibilities",
    "leave the field empty",
    "repeat it in plain words",
    "point to the right page",
    "keep to three sentences",
    "add no opinion",
    "list the steps in order",
    "state what is not known",
    "use the term of the glossary",
    "convert it and show both",
    "hand over to a person",
    "start with the result",
)
