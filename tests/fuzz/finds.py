"""Inputs that once broke a target, cut down to what matters. docs/fuzzing.md says what each led to."""

from tests.fuzz.target import Find

FINDS: tuple[Find, ...] = (
    # A wait of NaN seconds.
    Find("reader-messages", bytes.fromhex("20000002 02 FFFFFFFFFFFFFFFF 88B4")),
    # A line of entry_points.txt without a value: importlib.metadata raises TypeError.
    Find("reader-names", b"mine\0[farebox.readers]\nmine\n\0Name: fuzz\n"),
    # Half a surrogate pair in a text that is printed.
    Find("reader-trace", b'{"format": "farebox-trace", "version": 1, "reader": "\\ud800"}\n'),
    # An engraved number of 18 characters, and of none; in the fifth block, as the target lays them out.
    Find("card-layout", bytes(64) + b"\xff" * 11 + bytes.fromhex("0A2200")),
    Find("card-layout", bytes(64) + bytes(11) + bytes.fromhex("0A2200")),
    # A column's name that is not UTF-8.
    Find("tariff-rides", b"trip_id_performed,\xa9\nHAKUHO-W01,1\n"),
    # A day before any operator file is in force.
    Find("tariff-rides", b"trip_id_performed,service_date,boarded_place,alighted_place\nHAKUHO-W01,2013-11-20,0,4\n"),
    # A column of taps that is there twice.
    Find(
        "rides-again", b"service_date,trip_id_performed,fare_action,token_id,token_id,trip_stop_sequence\n1,2,3,4,5,6\n"
    ),
    # A minute and more: to name a field that is there twice, each was compared with all others.
    Find("tariff-quotes", b'{%s,"x":1,"x":2}' % b",".join(b'"%d":0' % number for number in range(80_000))),
)
