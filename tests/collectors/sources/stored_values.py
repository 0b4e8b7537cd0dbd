"""Every kind of value that sources store, in every version, as the program of that version wrote it.

What is here once stays: it is what lies in the stores of users. A new version adds its text to that of the others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any

from leverwatch.collectors.aggregation.counters import LOST_SESSIONS, SESSION, Reading, Session
from leverwatch.collectors.aggregation.known_records import KNOWN_RECORDS, StoredRecords
from leverwatch.collectors.aggregation.observed_state import OBSERVED, StoredSegment
from leverwatch.collectors.aggregation.open_calls import OPEN_CALL, OpenCall
from leverwatch.collectors.aggregation.partial_lines import PARTIAL_LINE
from leverwatch.collectors.aggregation.pipeline import KINDS as COUNTING_KINDS
from leverwatch.collectors.aggregation.stored_ids import KeyOf, StoredIds, ids_kind
from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.daily.account import ACCOUNT, Account
from leverwatch.collectors.daily.answers import Known
from leverwatch.collectors.daily.known_days import DAYS
from leverwatch.collectors.daily.spent import QUESTIONS, Spent
from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.interface import Operation
from leverwatch.collectors.prompts.history import Prompt, SystemHistory
from leverwatch.collectors.records.observation import Observation, Sight
from leverwatch.collectors.records.vocabulary import CallStatus
from leverwatch.collectors.sources.bucket.known import OBJECT_BLOCK, RECORD_BLOCK
from leverwatch.collectors.sources.bucket.prefixes import PREFIX, TEMPLATE, Prefix, Template
from leverwatch.collectors.sources.cloudwatch.collector import MODELS
from leverwatch.collectors.sources.cloudwatch.series import Place
from leverwatch.collectors.sources.evals.positions import RESULT_FILE, ResultFilePosition
from leverwatch.collectors.sources.files.checkpoint import CHECKPOINT, FileCheckpoint
from leverwatch.collectors.sources.files.partial_reads import PartialRead
from leverwatch.collectors.sources.files.refused import REFUSED_RANGES, RefusedRange, StoredRefused
from leverwatch.collectors.sources.git.history import HISTORY, History
from leverwatch.collectors.sources.models.collector import LIST
from leverwatch.collectors.sources.prompt_registry.labels import LABELS, Labels, Look, Watched
from leverwatch.collectors.stored_state import Kind


def kinds_of(source_type: str) -> tuple[Kind[Any], ...]:
    """Everything that a source of a type stores, as its collector declares it."""
    folder = source_type.replace("-", "_")
    kinds: tuple[Kind[Any], ...] = import_module(f"leverwatch.collectors.sources.{folder}.collector").KINDS
    return kinds


@dataclass(frozen=True)
class Stored:
    """One value."""

    type: str
    """Of the source."""
    kind: Kind[Any]
    key: str
    value: Any
    versions: tuple[bytes, ...]
    """The value in version 0, in version 1 and so on."""

    def __str__(self) -> str:
        return f"{self.type} {self.key}"


_COUNTERS = (
    b'"order":7,"newest":1773129600500,"readings":[{"field":"output_tokens","last":120,"before":80},'
    b'{"field":"cost_usd","last":0.25,"before":null}]}'
)
_LOST = b"\0\0\0\0\0\0\0\1\x5d\x1b\x3f\x0a\x9c\x27\xe8\x46"
_CHECKPOINT = (
    b'"id":"5676c5c2059b77bb","origin":"/logs/fresh.jsonl","path":"/logs/fresh.jsonl.1","device":66306,'
    b'"inode":4719022,"size":415,"mtime_ns":1773300590000000000,"compressed":false,"offset":313,"lines":2,'
    b'"records":3,"crc":838915187,"head_length":313,"head_hash":13833544357521793646,"tail_length":313,'
    b'"tail_hash":13833544357521793646,"marks":[[64,2598381070],[128,953095401],[313,3033904914]],'
    b'"header":"dHMsbW9kZWwK","rest_length":102,"rest_crc":4195719879,"rest_counted":true,"incomplete":false,'
    b'"torn":false,"unread":"unpacks to more than 200 times its size","link":"/logs/now.jsonl","gone":true,'
    b'"left":1773308400.5,"live_mtime_ns":1773300590000000000,"changed":1773308520.0,"seen":1773308520.25,'
    b'"limited":[{"start":0,"end":313,"lines":0,"days":[[739648,739675],[739700,739701]],"later":true}],'
    b'"kept":true}'
)
_CHECKPOINT_WITH_HEADERS = _CHECKPOINT.replace(b'"kept":true}', b'"kept":true,"headers":[]}')
_RECORDS = (
    b'"own":"ZWlnaHRvZjg=","left":"bGVmdG92ZXI=","sample":"","many":false,"alike":true,'
    b'"recent":"W1swLFsiMjAyNi0wMy0xMCIsIm0iLDNdXV0=","before":"W10="}'
)
_RECORDS_WITH_ADDED = _RECORDS.replace(
    b"W1swLFsiMjAyNi0wMy0xMCIsIm0iLDNdXV0=", b"W1swLFsiMjAyNi0wMy0xMCIsIm0iLDMsbnVsbCxudWxsXV1d"
)
_REFUSED = (
    b'"ranges":[{"start":100,"end":313,"lines":1,"records":1,"settings":"8d2f0a61c4be97f3","again":1773395000.5}],'
    b'"full":true,"said":true}'
)
OPEN = (
    b'"system":"bot","operation":"generation","model":"m","day":"2026-03-10","outcome":0,"begun":1773129600.5,'
    b'"until":1773129602.0,"told":1,"usage":[9.0,null,7.0],'
    b'"series":"1773129600","version":true,"ended":true,"alone":true,"waits":true,"counts":[["inferences",1.0],["output_tokens",7.0]]}'
)
_OPEN_WITH_PROMPT = OPEN.replace(b'"waits":true,', b'"waits":true,"prompt":"",')
_OPEN_WITH_TIER = OPEN.replace(b'"waits":true,', b'"waits":true,"prompt":"","tier":"",')
_OPEN_WITH_TALLIED = OPEN.replace(b'"waits":true,', b'"waits":true,"prompt":"","tier":"","tallied":false,')
_RESULTS = (
    b'"path":"/evals/own.jsonl","size":388,"mtime_ns":-1,"digest":"bf8464539d2ed8fc94df59e3efe0294f",'
    b'"offset":314,"settings":"f79bcd6be50f8b969f2626f2"}'
)
_LABELS = (
    b'"settings":"8c5b6b4e3f2a1d07","systems":{"team/bot":{"present":{"support/answer":{"current":'
    b'"27ff6bb4f4d8a6a7a2fd1b1f","versions":["27ff6bb4f4d8a6a7a2fd1b1f"]}},"removed":{"support/old":{"current":'
    b'"d651216c30b68a8f3b3fcc54","versions":["d651216c30b68a8f3b3fcc54"]}},"patterns":["answer","old*"],'
    b'"found":["older"]}},"looks":{"support/answer":{"at":"2026-11-02T09:00:00Z","version":"3"}}}'
)
_HISTORY = (
    b'"head":"974d333ea43965ae7e2c31e3b271992967fe7e6f","settings":"ca3bd76d61dda7aa118b2f2b","systems":{"qa":'
    b'{"present":{"qa/x.md":{"current":"3074fd9bcf3592c51d64214d","versions":["3074fd9bcf3592c51d64214d"]}},'
    b'"removed":{"qa/z.md":{"current":"d651216c30b68a8f3b3fcc54","versions":["d651216c30b68a8f3b3fcc54"]}}}},'
    b'"occurrences":{"59885238505d36b16c01bcc5":1,"fac48dc6fdccb58f4def2082":2}}'
)
_HISTORY_WITH_LANDINGS = _HISTORY[: _HISTORY.index(b'"occurrences"')] + (
    b'"occurrences":{"59885238505d36b16c01bcc5":[[1,""]],"fac48dc6fdccb58f4def2082":[[1,""],[2,""]]},'
    b'"reference":"","turns":[],"newest":null,"misdated":[]}'
)
_DAYS = (
    b'"asked":[["2026-03-01","2026-03-09"]],"filled":[["2026-03-03","2026-03-10"]],"bare":[["2026-03-01","2026-03-02"]],'
    b'"settings":"8d2f0a61c4be97f3"}'
)
_KNOWN_DAYS = Known(
    (Days(date(2026, 3, 1), date(2026, 3, 9)),),
    (Days(date(2026, 3, 3), date(2026, 3, 10)),),
    (Days(date(2026, 3, 1), date(2026, 3, 2)),),
    "8d2f0a61c4be97f3",
)
_ASKED = b'"asked":[["2026-03-10T08:59:00Z",1],["2026-03-10T09:01:00Z",4]],"not_before":"2026-03-10T09:05:30Z"}'
_SPENT = Spent(
    ((datetime(2026, 3, 10, 8, 59, tzinfo=UTC), 1), (datetime(2026, 3, 10, 9, 1, tzinfo=UTC), 4)),
    datetime(2026, 3, 10, 9, 5, 30, tzinfo=UTC),
)
_IDS = bytes.fromhex("6B1BC485AB0A106778820CB9AE255E5E")
_DIGEST = bytes.fromhex("E528E088FFE4818260EC81BD94F4ECA1")
_SEGMENT = bytes.fromhex(
    "92CB41DA6CA31220000091929DD9203061663736353139313663643433646438343438656232313163383033313963B062376164"
    "366237313639323033333331B030306630363761613062613930326237C0D9246F70656E74656C656D657472792E696E7374727"
    "56D656E746174696F6E2E6F70656E616992A3626F74C0CF189B6BFA0CBB0000CF189B6BFA66232F00AA67656E65726174696F6E"
    "C2A2723195321EC014C091A16D9ACF189B6BFA0CBB0000A16DC0A463686174C0321E14CB3FD0000000000000C3"
)
_OBSERVATION = Observation(
    "0af7651916cd43dd8448eb211c80319c",
    "b7ad6b7169203331",
    "00f067aa0ba902b7",
    None,
    "opentelemetry.instrumentation.openai",
    ("bot", None),
    1773129600000000000,
    1773129601500000000,
    "generation",
    False,
    "r1",
    (50, 30, None, 20, None),
    ("m",),
)
_ROW = (1773129600000000000, "m", None, "chat", None, 50, 30, 20, 0.25, True, None, None)
_ADDED = bytes.fromhex("9A CF189B6BFA0CBB0000"), bytes.fromhex("9C CF189B6BFA0CBB0000")
_SEGMENT_WITH_ADDED = _SEGMENT.replace(*_ADDED) + bytes.fromhex("C0C0")
"""The row is at its end, and has two values more."""


def _ids(prefix: str, key: str, checksum: bytes) -> Stored:
    value = StoredIds(_IDS, KeyOf.ID, 0, int(checksum, 16))
    versions = _IDS, b"version 1\n" + checksum + b"\n" + _IDS, b"version 2\n" + checksum + b" id 0\n" + _IDS
    return Stored("files", ids_kind(prefix), key, value, versions)


_MODELS = (
    b'"models":[{"region":"eu-central-1","account":"1234","model":"k3b9x2m4q7zt"},'
    b'{"region":"us-east-1","account":"","model":"us.amazon.nova-pro-v1:0"}]}'
)
_ACCOUNT = Account("9f86d081884c7d65", "d4735e3a265e16ee")
_OF = b'"settings":"9f86d081884c7d65","digest":"d4735e3a265e16ee"}'
ASKED_FOR_DAYS = (
    "azure-monitor",
    "cloudwatch",
    "google-monitoring",
    "loki",
    "prometheus",
    "sql",
    "usage-api",
)
_COUNTED: tuple[Stored, ...] = (
    Stored(
        "files",
        CHECKPOINT,
        "file/5676c5c2059b77bb",
        FileCheckpoint(
            id="5676c5c2059b77bb",
            origin="/logs/fresh.jsonl",
            path="/logs/fresh.jsonl.1",
            device=66306,
            inode=4719022,
            size=415,
            mtime_ns=1773300590000000000,
            compressed=False,
            offset=313,
            lines=2,
            records=3,
            crc=838915187,
            head_length=313,
            head_hash=13833544357521793646,
            tail_length=313,
            tail_hash=13833544357521793646,
            marks=((64, 2598381070), (128, 953095401), (313, 3033904914)),
            header=b"ts,model\n",
            rest_length=102,
            rest_crc=4195719879,
            rest_counted=True,
            incomplete=False,
            torn=False,
            unread="unpacks to more than 200 times its size",
            link="/logs/now.jsonl",
            gone=True,
            left=1773308400.5,
            live_mtime_ns=1773300590000000000,
            changed=1773308520.0,
            seen=1773308520.25,
            limited=(PartialRead(0, 313, 0, ((739648, 739675), (739700, 739701)), later=True),),
            kept=True,
        ),
        (b"{" + _CHECKPOINT, b'{"version":1,' + _CHECKPOINT, b'{"version":2,' + _CHECKPOINT_WITH_HEADERS),
    ),
    _ids("seen/", "seen/1970340/0/add", b"afe4fe37"),
    _ids("calls/", "calls/1970303/4/del", b"a552a8c2"),
    Stored(
        "files",
        KNOWN_RECORDS,
        "version/5676c5c2059b77bb",
        StoredRecords(
            b"eightof8",
            b"leftover",
            b"",
            many=False,
            alike=True,
            recent=b'[[0,["2026-03-10","m",3,null,null]]]',
            before=b"[]",
        ),
        (b"{" + _RECORDS, b'{"version":1,' + _RECORDS, b'{"version":2,' + _RECORDS_WITH_ADDED),
    ),
    Stored(
        "files",
        REFUSED_RANGES,
        "refused/5676c5c2059b77bb",
        StoredRefused(
            ranges=(RefusedRange(100, 313, 1, 1, "8d2f0a61c4be97f3", 1773395000.5),), full=True, said=True
        ),
        (
            b"{" + _REFUSED,
            b'{"version":1,' + _REFUSED,
            b'{"version":2,' + _REFUSED.replace(b'"again":1773395000.5', b'"again":1773395000.5,"of":0,"done":[]'),
        ),
    ),
    Stored(
        "files",
        OPEN_CALL,
        "open/00f3a1c07be2d914",
        OpenCall(
            system="bot",
            operation=Operation.GENERATION,
            model="m",
            day=date(2026, 3, 10),
            outcome=CallStatus.SUCCESS,
            begun=1773129600.5,
            until=1773129602.0,
            told=1,
            usage=(9.0, None, 7.0),
            series="1773129600",
            version=True,
            ended=True,
            alone=True,
            waits=True,
            counts=tuple({"inferences": 1.0, "output_tokens": 7.0}.get(name, 0.0) for name in COLUMNS),
        ),
        (
            b"{" + OPEN,
            b'{"version":1,' + OPEN,
            b'{"version":2,' + _OPEN_WITH_PROMPT,
            b'{"version":3,' + _OPEN_WITH_TIER,
            b'{"version":4,' + _OPEN_WITH_TALLIED,
        ),
    ),
    Stored("files", PARTIAL_LINE, "partial/2/402dfa4ea57927c8", 3, (b"3", b"version 1\n3")),
    Stored(
        "files",
        OBSERVED,
        "observed/7",
        StoredSegment(1773309000.5, [Sight(_OBSERVATION, _ROW)]),
        (_SEGMENT, b"version 1\n" + _SEGMENT, b"version 2\n" + _SEGMENT_WITH_ADDED),
    ),
    Stored(
        "files",
        SESSION,
        "session/5d1b3f0a9c27e846",
        Session(7, 1773129600500, (Reading("output_tokens", 120, 80), Reading("cost_usd", 0.25, None))),
        (b"{" + _COUNTERS, b'{"version":1,' + _COUNTERS),
    ),
    Stored(
        "files",
        LOST_SESSIONS,
        "lost-sessions",
        (1, 0x5D1B3F0A9C27E846),
        (_LOST, b"version 1\n" + _LOST),
    ),
    Stored(
        "evals",
        RESULT_FILE,
        "file/60462ffead7d9d2a6811ceaf535c610a",
        ResultFilePosition(
            "/evals/own.jsonl",
            388,
            -1,
            "bf8464539d2ed8fc94df59e3efe0294f",
            314,
            "f79bcd6be50f8b969f2626f2",
            "",
        ),
        (b"{" + _RESULTS, b'{"version":1,' + _RESULTS, b'{"version":2,' + _RESULTS[:-1] + b',"refused":""}'),
    ),
    Stored(
        "git",
        HISTORY,
        "history",
        History(
            "974d333ea43965ae7e2c31e3b271992967fe7e6f",
            "ca3bd76d61dda7aa118b2f2b",
            {
                "qa": SystemHistory(
                    {"qa/x.md": Prompt("3074fd9bcf3592c51d64214d", {"3074fd9bcf3592c51d64214d"})},
                    {"qa/z.md": Prompt("d651216c30b68a8f3b3fcc54", {"d651216c30b68a8f3b3fcc54"})},
                )
            },
            {"59885238505d36b16c01bcc5": [(1, "")], "fac48dc6fdccb58f4def2082": [(1, ""), (2, "")]},
            reference="",
            turns=[],
            newest=None,
            misdated=[],
            unselected={},
        ),
        (
            b"{" + _HISTORY,
            b'{"version":1,' + _HISTORY,
            b'{"version":2,' + _HISTORY_WITH_LANDINGS,
            b'{"version":3,' + _HISTORY_WITH_LANDINGS[:-1] + b',"unselected":{}}',
        ),
    ),
    Stored("models", LIST, "list", _DIGEST, (_DIGEST, b"version 1\n" + _DIGEST)),
    Stored(
        "prompt-registry",
        LABELS,
        "labels",
        Labels(
            "8c5b6b4e3f2a1d07",
            {
                "team/bot": Watched(
                    {"support/answer": Prompt("27ff6bb4f4d8a6a7a2fd1b1f", {"27ff6bb4f4d8a6a7a2fd1b1f"})},
                    {"support/old": Prompt("d651216c30b68a8f3b3fcc54", {"d651216c30b68a8f3b3fcc54"})},
                    ["answer", "old*"],
                    ["older"],
                )
            },
            {"support/answer": Look(datetime(2026, 11, 2, 9, tzinfo=UTC), "3")},
        ),
        (b"{" + _LABELS, b'{"version":1,' + _LABELS),
    ),
    *(
        stored
        for source in (
            "azure-monitor",
            "cloudwatch",
            "google-monitoring",
            "loki",
            "prometheus",
            "sql",
            "usage-api",
        )
        for stored in (
            Stored(
                source,
                DAYS,
                "days",
                _KNOWN_DAYS,
                (
                    b"{" + _DAYS,
                    b'{"version":1,' + _DAYS,
                    b'{"version":2,' + _DAYS[:-1] + b',"counted":[],"gone":[]}',
                ),
            ),
            Stored(source, QUESTIONS, "questions", _SPENT, (b"{" + _ASKED, b'{"version":1,' + _ASKED)),
        )
    ),
    *(
        Stored(source, ACCOUNT, "account", _ACCOUNT, (b"{" + _OF, b'{"version":1,' + _OF))
        for source in ("usage-api", "cloudwatch")
    ),
    Stored(
        "cloudwatch",
        MODELS,
        "models",
        frozenset({Place("us-east-1", "us.amazon.nova-pro-v1:0"), Place("eu-central-1", "k3b9x2m4q7zt", "1234")}),
        (
            b"{" + _MODELS,
            b'{"version":1,' + _MODELS,
            b'{"version":2,' + _MODELS.replace(b'"}', b'","project":""}'),
        ),
    ),
)
_TEMPLATE = b'"template":"app/%Y/%m/%d/","days":[[739680,739685]]}'
_PREFIX = (
    b'"prefix":"app/2026/03/10/","day":739685,"since":0,"cursor":"app/2026/03/10/a","floor":"",'
    b'"listed":1773144000.0,"again":false,"settings":"","shut":false}'
)
_OBJECT = bytes.fromhex("0807060504030201181716151413121180CFAF695601000000000000875191383900000024232221030001")
STORED: tuple[Stored, ...] = (
    *_COUNTED,
    # What counting stores is the same of files and of objects.
    *(replace(one, type="bucket") for one in _COUNTED if one.kind in COUNTING_KINDS and one.type == "files"),
    Stored(
        "bucket",
        TEMPLATE,
        "days/dec109e8b72bd96c",
        Template("app/%Y/%m/%d/", ((739680, 739685),)),
        (b"{" + _TEMPLATE, b'{"version":1,' + _TEMPLATE),
    ),
    Stored(
        "bucket",
        PREFIX,
        "prefix/e195cb796d5c786c",
        Prefix("app/2026/03/10/", 739685, 0, "app/2026/03/10/a", "", 1773144000.0),
        (b"{" + _PREFIX, b'{"version":1,' + _PREFIX),
    ),
    Stored("bucket", OBJECT_BLOCK, "objects/e195cb796d5c786c/0", _OBJECT, (_OBJECT, b"version 1\n" + _OBJECT)),
    Stored(
        "bucket",
        RECORD_BLOCK,
        "records/e195cb796d5c786c/0",
        _OBJECT[:24],
        (_OBJECT[:24], b"version 1\n" + _OBJECT[:24]),
    ),
)
