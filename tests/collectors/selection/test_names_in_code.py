from __future__ import annotations

import pytest

from leverwatch.collectors.selection.select import select
from leverwatch.collectors.selection.selector import Selector, Unparsable


def texts(language: str, code: str, *names: str) -> dict[str, str]:
    return select(Selector(names=names, language=language), code.encode())


def only(language: str, code: str, *names: str) -> str:
    """The one text that is found."""
    (found,) = texts(language, code, *names).values()
    return found


PYTHON = '''
INTRO = "You are kind."
class Bot:
    """What it does."""
    GREETING_PROMPT: str = "Hello" ", you"
    def build(self, user, tone="calm"):
        self.prompt = f"{INTRO} Help {user.name!r:>9} now."
        return Agent(name="a", instructions="Be brief.")
SETTINGS = {"system": """
    One.
      Two.
""", "temperature": 0.2}
a, b_PROMPT = "first", "second"
JOINED = "\\n".join([INTRO, "Be exact."])
'''
TYPESCRIPT = """
const RULES = 'Be "kind".';
export const config = { systemPrompt: `Hello ${ user . name },\n  ${RULES}`, model: "m" } as const;
class Bot { static readonly PROMPT: string = "a" + "b"; run(p = "z") { this.extra = "c"; } }
const agent = new Agent({ instructions: dedent`\n    x\n      y\n  ` });
"""
GO = """package bot
const SystemPrompt = `You are
  kind` + "\\n"
var (
\tone, two = "1", "2"
)
func New() *Agent { return &Agent{Instructions: fmt.Sprintf("Help %s", name)} }
"""
JAVA = '''
class Bot {
  private static final String PROMPT = """
      You are "kind",
        always. \\
      Yes.
      """ + "End";
  interface Api { @SystemMessage("Answer.") String ask(String q); }
  Object o = Chat.builder().system("Be brief.").build();
}
'''
CSHARP = '''
class Bot {
  const string Prompt = @"Say ""hi""";
  static readonly string Raw = """
      You are
        kind.
      """;
  string Both => $"Hello {user.Name,10:F2}, {{x}}";
  void Run() { var a = new Agent(instructions: "Be brief.") { Tone = "calm" }; }
}
'''
RUBY = """
class Bot
  PROMPT = <<~TEXT.freeze
    Hello #{user.name}
      there
  TEXT
  RAW = <<-'TEXT'
  a #{b}
  TEXT
  def run
    @tone = 'it\\'s' "\\tx"
    chat(system: %q(brief), user: "u")
  end
end
"""
RUST = """
const SYSTEM: &str = "You are \\
    kind";
static RAW: &str = r#"Say "hi""#;
impl Bot { fn new() -> Agent { Agent { instructions: format!("Help {name}"), model: String::from("m") } } }
"""


@pytest.mark.parametrize(
    ("language", "code", "name", "text"),
    [
        ("python", PYTHON, "GREETING_PROMPT", "Hello, you"),
        ("python", PYTHON, "Bot.prompt", "You are kind. Help {user . name} now."),
        ("python", PYTHON, "Agent.instructions", "Be brief."),
        ("python", PYTHON, "build.tone", "calm"),
        ("python", PYTHON, "SETTINGS.system", "One.\n  Two."),
        ("python", PYTHON, "b_PROMPT", "second"),
        ("python", PYTHON, "JOINED", "You are kind.\nBe exact."),
        ("typescript", TYPESCRIPT, "config.systemPrompt", 'Hello {user . name},\nBe "kind".'),
        ("typescript", TYPESCRIPT, "Bot.PROMPT", "ab"),
        ("typescript", TYPESCRIPT, "Bot.extra", "c"),
        ("typescript", TYPESCRIPT, "Agent.instructions", "x\n  y"),
        ("javascript", "const P = ['a', 'b'].join('');", "P", "ab"),
        ("typescript", "const P = ['a', x, /* c */ 'b'].join();", "P", "a,{x},b"),
        ("python", "A = 'a'\nP = ' '.join([A, 'b', f(x)])", "P", "a b {f ( x )}"),
        ("python", "P = ''.join(part for part in ['a', 'b'])", "P", "a\nb"),
        ("ruby", "P = ['a', 'b'].join", "P", "ab"),
        ("ruby", "P = %w[a b].join(' ')", "P", "a b"),
        ("go", 'package p\nvar P = strings.Join([]string{"a", "b"}, "; ")', "P", "a; b"),
        ("java", 'class A { String P = String.join(" ", "a", "b"); }', "P", "a b"),
        ("csharp", 'class A { string P = string.Join(" ", "a", "b"); }', "P", "a b"),
        ("csharp", 'class A { string P = String.Concat("a", "b"); }', "P", "ab"),
        ("rust", 'const P: &str = concat!("a", /* c */ "b", 1);', "P", "ab{1}"),
        ("rust", 'const P: &str = concat!("a", include_str!("c"));', "P", "a\nc"),
        ("javascript", 'const e = <Agent system="Be brief." x={1}/>;', "Agent.system", "Be brief."),
        ("tsx", 'const e: X = <Agent system="Be brief." x={1}/>;', "Agent.system", "Be brief."),
        ("go", GO, "SystemPrompt", "You are\nkind"),
        ("go", GO, "two", "2"),
        ("go", GO, "Agent.Instructions", "Help %s"),
        ("java", JAVA, "Bot.PROMPT", 'You are "kind",\n  always. Yes.\nEnd'),
        ("java", JAVA, "SystemMessage", "Answer."),
        ("java", JAVA, "system", "Be brief."),
        ("csharp", CSHARP, "Bot.Prompt", 'Say "hi"'),
        ("csharp", CSHARP, "Raw", "You are\n  kind."),
        ("csharp", CSHARP, "Both", "Hello {user . Name}, {x}"),
        ("csharp", CSHARP, "Agent.instructions", "Be brief."),
        ("csharp", CSHARP, "Agent.Tone", "calm"),
        ("ruby", RUBY, "Bot.PROMPT", "Hello {user . name}\n  there"),
        ("ruby", RUBY, "RAW", "a #{b}"),
        ("ruby", RUBY, "tone", "it's\tx"),
        ("ruby", RUBY, "chat.system", "brief"),
        ("rust", RUST, "SYSTEM", "You are kind"),
        ("rust", RUST, "RAW", 'Say "hi"'),
        ("rust", RUST, "Agent.instructions", "Help {name}"),
    ],
)
def test_a_text_is_found_by_its_name(language: str, code: str, name: str, text: str) -> None:
    assert only(language, code, name) == text


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("python", 'P = "a\\nb it\'s"', 'P = (  # why\n    """a\nb """\n    "it\'s"\n)'),
        ("python", "P = f\"x {d['k']}\"", 'P = f"x {d[ "k" ]}"'),
        ("python", 'def f():\n    P = """a\n    b"""', 'def f():\n  if x:\n        P = """a\n        b"""'),
        ("python", 'P = r"a\\d"', 'P = "a\\\\d"'),
        ("python", 'P = "a" + "b"', 'P: Final = textwrap.dedent("ab")'),
        ("typescript", "const P = 'a' + 'b'", 'export const P: string = /* c */ `a` +\n  // d\n  "b";'),
        ("typescript", "const P = '\\ud83d\\ude00'", 'const P = "\U0001f600"'),
        ("go", 'package p\nconst P = "a\\n\\"b\\""', 'package p\nconst (\n\tP string = `a\n\t"b"`\n)'),
        ("java", 'class A { String P = "a\\nb"; }', 'class A {\n  String P = """\n      a\n      b""";\n}'),
        ("csharp", 'class A { string P = "a\\\\b"; }', 'class A { string P = @"a\\b"; }'),
        ("ruby", 'P = "a\nb"', "P = <<~T\n    a\n    b\nT\n"),
        ("rust", 'const P: &str = "a\\"b";', 'const P: &str = r#"a"b"#;'),
    ],
)
def test_another_way_to_write_the_same_text_is_no_difference(language: str, one: str, other: str) -> None:
    assert only(language, one, "P") == only(language, other, "P") != ""


def test_a_name_that_occurs_several_times_gives_all_its_texts_in_order() -> None:
    code = 'a = Agent(instructions="one")\nb = Agent(instructions="two")\na = Agent(instructions="three")\n'

    assert texts("python", code, "instructions") == {
        "a.Agent.instructions": "one\nthree",
        "b.Agent.instructions": "two",
    }


def test_a_wildcard_finds_constants_and_a_call_has_to_be_named() -> None:
    code = 'A_PROMPT = "a"\nshow_PROMPT("x")\nB_PROMPT = load("b")\n'

    assert texts("python", code, "*_PROMPT") == {"A_PROMPT": "a", "B_PROMPT": "b"}
    assert texts("python", code, "show_PROMPT") == {"show_PROMPT": "x"}


def test_a_function_by_a_name_says_what_it_returns() -> None:
    code = 'def system_prompt(name):\n    """Doc."""\n    log("start")\n    return f"Hi {name}"\n'

    assert texts("python", code, "system_prompt") == {"system_prompt": "Hi {name}"}
    assert only("ruby", "def prompt\n  <<~T\n    Hi\n  T\nend\n", "prompt") == "Hi"


def test_a_constant_of_the_same_file_is_part_of_the_text_and_one_that_is_assigned_twice_is_a_name() -> None:
    assert only("python", 'A = "x"\nP = f"{A}!" + B\n', "P") == "x!{B}"
    assert only("python", 'A = "x"\nA = "y"\nP = f"{A}!"\n', "P") == "{A}!"
    assert only("python", 'P = "a" + P\n', "P") == "a{P}"


def test_a_name_without_a_text_and_a_use_of_a_name_are_nothing() -> None:
    assert texts("python", "P = compute()\nprint(P)\nQ = P\n", "P") == {}
    assert texts("go", "package p\nvar P string\n", "P") == {}


@pytest.mark.parametrize("language", ["python", "go", "java", "csharp", "ruby", "rust", "typescript"])
def test_an_error_of_syntax_and_what_is_no_text_cannot_be_read(language: str) -> None:
    with pytest.raises(Unparsable, match=f"not {language}"):
        texts(language, "P = (((\n<<<<<<< HEAD\n", "P")
    with pytest.raises(Unparsable, match=f"not {language}"):
        texts(language, "((( nothing by that name\n", "P")
    with pytest.raises(Unparsable, match="UTF-8"):
        select(Selector(names=("P",), language=language), b"P = '\xff'")


def test_a_large_file_and_constants_that_double_are_refused_in_bounded_time() -> None:
    doubling = 'A0 = "0123456789"\n' + "".join(f"A{n + 1} = A{n} + A{n}\n" for n in range(40))

    with pytest.raises(Unparsable, match="repeat"):
        texts("python", doubling, "A40")
    with pytest.raises(Unparsable, match="larger than 1 MiB"):
        texts("python", "P = 1\n" * 200_000, "P")


def test_a_sum_of_very_many_literals_is_read_and_a_deep_nest_is_not() -> None:
    many = "P = (\n" + " +\n".join(['"ab"'] * 5000) + ")\n"
    deep = "P = " + "[" * 3000 + '"x"' + "]" * 3000

    assert only("python", many, "P") == "ab" * 5000
    with pytest.raises(Unparsable, match="deep"):
        texts("python", deep, "P")


@pytest.mark.parametrize(
    ("language", "code", "name", "text"),
    [
        ("python", "PROMPT = lambda user: f'Help {user}'", "PROMPT", "Help {user}"),
        ("java", 'class A { Supplier<String> P = () -> "Be kind."; }', "P", "Be kind."),
        ("csharp", 'class A { Func<string> P = () => { Log("no"); return "yes"; }; }', "P", "yes"),
        ("python", "FIRST = SECOND = 'Be kind.'", "FIRST", "Be kind."),
        ("javascript", "const first = second = 'Be kind.'", "first", "Be kind."),
        ("typescript", "class A { #prompt = 'Be kind.' }", "A.prompt", "Be kind."),
        ("typescript", "const { prompt = 'Be kind.' } = settings;", "prompt", "Be kind."),
        ("tsx", "function Prompt() { return <Note>Be\n  kind to {user}.</Note> }", "Prompt", "Be kind to\n."),
    ],
)
def test_a_text_is_found_in_a_form_that_few_use(language: str, code: str, name: str, text: str) -> None:
    found = select(Selector(names=(name,), language=language), code.encode())

    assert list(found.values()) == [text]


def test_a_file_in_utf_16_is_read_by_its_mark() -> None:
    code = 'class A { const string P = "Sei höflich."; }'

    for encoding in ("utf-16", "utf-8-sig"):
        assert select(Selector(names=("P",), language="csharp"), code.encode(encoding)) == {"A.P": "Sei höflich."}
