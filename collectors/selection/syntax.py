"""The kinds of nodes in the syntax trees of all languages that bind names to values, enclose or call. Data.

Where two languages have a kind of the same name it means the same, or has other fields. The dictionaries give
the fields of a node in which its name and its value are.
"""

from __future__ import annotations

BINDINGS = {
    # Python, and Ruby where it has the same
    "assignment": (("left",), ("right",)),
    "augmented_assignment": (("left",), ("right",)),
    "named_expression": (("name",), ("value",)),
    "keyword_argument": (("name",), ("value",)),
    "default_parameter": (("name",), ("value",)),
    "typed_default_parameter": (("name",), ("value",)),
    "pair": (("key",), ("value",)),
    "operator_assignment": (("left",), ("right",)),
    "keyword_parameter": (("name",), ("value",)),
    "optional_parameter": (("name", "pattern"), ("value",)),
    # JavaScript and TypeScript, and Java and C# where they have the same
    "variable_declarator": (("name",), ("value", "")),
    "assignment_expression": (("left",), ("right",)),
    "augmented_assignment_expression": (("left",), ("right",)),
    "public_field_definition": (("name",), ("value",)),
    "field_definition": (("property",), ("value",)),
    "required_parameter": (("pattern",), ("value",)),
    "assignment_pattern": (("left",), ("right",)),
    "object_assignment_pattern": (("left",), ("right",)),
    "enum_assignment": (("name",), ("value",)),
    "jsx_attribute": ((), ("",)),
    # Go
    "const_spec": (("name",), ("value",)),
    "var_spec": (("name",), ("value",)),
    "short_var_declaration": (("left",), ("right",)),
    "assignment_statement": (("left",), ("right",)),
    "keyed_element": (("key",), ("value",)),
    # Java
    "element_value_pair": (("key",), ("value",)),
    "enum_constant": (("name",), ("arguments",)),
    "annotation": (("name",), ("arguments",)),
    # C#
    "property_declaration": (("name",), ("value",)),
    "parameter": (("name",), ("",)),
    "argument": (("name",), ("",)),
    "attribute": (("name",), ("",)),
    # Rust
    "const_item": (("name",), ("value",)),
    "static_item": (("name",), ("value",)),
    "let_declaration": (("pattern",), ("value",)),
    "field_initializer": (("field", "name"), ("value",)),
}
"""Fields of the name and of the value; the empty field is the last part of a node."""
CONSTANTS = frozenset(
    {
        "assignment",
        "variable_declarator",
        "public_field_definition",
        "field_definition",
        "const_spec",
        "var_spec",
        "property_declaration",
        "const_item",
        "static_item",
    }
)
"""The bindings that other texts may refer to, outside of functions."""
FUNCTIONS = frozenset(
    {
        "function_definition",
        "function_declaration",
        "generator_function_declaration",
        "method_definition",
        "method_declaration",
        "method",
        "singleton_method",
        "function_item",
        "local_function_statement",
    }
)
"""Functions and methods with a name."""
LAMBDAS = frozenset({"lambda", "arrow_function", "function_expression", "func_literal", "lambda_expression"})
BLOCKS = frozenset({"block", "statement_block", "body_statement", "do_block"})
"""Statements, one of which says what is returned."""
CHAINED = frozenset({"assignment", "assignment_expression"})
"""Bindings that are values themselves."""
SCOPES = {
    **dict.fromkeys(FUNCTIONS, "name"),
    **dict.fromkeys(
        (
            "class_definition",
            "class_declaration",
            "abstract_class_declaration",
            "class",
            "module",
            "internal_module",
            "interface_declaration",
            "record_declaration",
            "struct_declaration",
            "enum_declaration",
            "namespace_declaration",
            "mod_item",
            "trait_item",
        ),
        "name",
    ),
    "impl_item": "type",
}
CALLS = {
    "call": ("function", "method"),
    "call_expression": ("function",),
    "new_expression": ("constructor",),
    "method_invocation": ("name",),
    "object_creation_expression": ("type",),
    "invocation_expression": ("function",),
    "composite_literal": ("type",),
    "struct_expression": ("name",),
    "macro_invocation": ("macro",),
    "jsx_opening_element": ("name",),
    "jsx_self_closing_element": ("name",),
}
"""The fields of what is called, or made."""
LISTS = frozenset(
    {
        "pattern_list",
        "expression_list",
        "tuple_pattern",
        "tuple",
        "left_assignment_list",
        "right_assignment_list",
        "array_pattern",
        "array",
        "tuple_expression",
    }
)
"""Names, or values, that belong together one by one."""
STRINGS = frozenset(
    {
        "string",
        "template_string",
        "bare_string",
        "string_literal",
        "raw_string_literal",
        "interpreted_string_literal",
        "verbatim_string_literal",
        "interpolated_string_expression",
    }
)
"""Literals of text."""
CONTENTS = frozenset({"string_content", "string_fragment", "string_literal_content", "raw_string_content"})
DELIMITERS = frozenset(
    {
        "string_start",
        "string_end",
        "raw_string_start",
        "raw_string_end",
        "interpolation_start",
        "interpolation_quote",
        "string_literal_encoding",
    }
)
INTERPOLATIONS = frozenset({"interpolation", "template_substitution"})
NOT_COMPARED = frozenset(
    {
        "comment",
        "line_comment",
        "block_comment",
        "interpolation_brace",
        "format_specifier",
        "type_conversion",
        "interpolation_format_clause",
        "interpolation_alignment_clause",
        "type",
        "type_annotation",
    }
)
"""What is written in the midst of a text and is no part of it."""
CONCATENATIONS = frozenset({"binary_operator", "binary_expression", "binary"})
ADJACENT = frozenset({"concatenated_string", "chained_string"})
SELF = frozenset({"self", "this", "cls"})
