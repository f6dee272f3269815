"""What a monitoring system reads, as Prometheus writes it. Names no card, no passenger, no driver."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from farebox.console.protocol import Picture
from farebox.monitoring.journal_room import JournalRoom
from farebox.monitoring.probe import Probe


class Seen(Collector):
    """One look at a terminal and at its journal's folder, as metrics."""

    def __init__(self, probe: Probe, room: JournalRoom | None, at_s: float) -> None:
        """`at_s` is now."""
        self._probe, self._room, self._at_s = probe, room, at_s

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        probe = self._probe
        yield GaugeMetricFamily("farebox_up", "Whether the terminal answers.", probe.picture is not None)
        yield GaugeMetricFamily("farebox_takes_fares", "Whether it can take fares, as /healthz.", not probe.why_not)
        yield GaugeMetricFamily("farebox_answer_seconds", "How long its loop took to answer.", probe.took_s)
        if probe.picture is not None:
            yield from _of_taps(probe.picture)
            yield from _of_the_moment(probe.picture, self._at_s)
        if self._room is not None:
            yield from _of_the_journal(self._room)


def registry(probe: Probe, room: JournalRoom | None, at_s: float) -> CollectorRegistry:
    """A registry of one look."""
    made = CollectorRegistry(auto_describe=False)
    made.register(Seen(probe, room, at_s))
    return made


def _of_taps(picture: Picture) -> Iterator[Metric]:
    seen = picture.watched
    taps = CounterMetricFamily(
        "farebox_taps", "Accepted taps since the start, by what they came to.", labels=["result"]
    )
    for result in ("boarded", "alighted", "kept", "topped_up", "cancelled", "confirmed"):
        taps.add_metric([result], getattr(seen, result))
    yield taps
    refused = CounterMetricFamily("farebox_refusals", "Taps refused since the start, by code.", labels=["code"])
    for entry in seen.refused:
        refused.add_metric([entry.code], entry.times)
    yield refused
    yield CounterMetricFamily("farebox_fares_yen", "Fares taken since the start, by card and cash.", seen.fares_yen)
    yield CounterMetricFamily("farebox_cash_yen", "Of them, cash that the driver keyed.", seen.cash_yen)
    yield CounterMetricFamily("farebox_topped_up_yen", "Topped up since the start, by notes.", seen.topped_up_yen)
    yield CounterMetricFamily("farebox_cancelled_yen", "Fares taken back since the start.", seen.cancelled_yen)
    if seen.last_tap_s is not None:
        yield GaugeMetricFamily("farebox_last_tap_timestamp_seconds", "When the last tap was.", seen.last_tap_s)


def _of_the_moment(picture: Picture, at_s: float) -> Iterator[Metric]:
    seen = picture.watched
    simulated = "true" if picture.simulated else "false"
    about = {"vehicle": picture.vehicle_id, "version": seen.version, "simulated": simulated}
    yield InfoMetricFamily("farebox", "Which terminal this is; simulated: 模擬.", about)
    yield GaugeMetricFamily("farebox_in_service", "Whether it is on a trip.", picture.on_trip is not None)
    state = GaugeMetricFamily("farebox_state", "1 for the state that it is in.", labels=["state"])
    state.add_metric([picture.state], 1)
    yield state
    alarms = GaugeMetricFamily("farebox_alarm", "1 for each alarm; none, no alarm.", labels=["code"])
    for alarm in picture.alarms:
        alarms.add_metric([alarm.code], 1)
    yield alarms
    yield GaugeMetricFamily("farebox_pending_writes", "Writes whose end is not known.", seen.pending)
    trusted = GaugeMetricFamily("farebox_clock_trusted", "Whether the clock is trusted, and why.", labels=["why"])
    trusted.add_metric([seen.clock], seen.clock_trusted)
    yield trusted
    if seen.hotlist_made_at_s is not None:
        age_s = at_s - seen.hotlist_made_at_s
        yield GaugeMetricFamily("farebox_hotlist_age_seconds", "How old the hotlist is.", age_s)


def _of_the_journal(room: JournalRoom) -> Iterator[Metric]:
    yield GaugeMetricFamily("farebox_journal_free_bytes", "Room on the journal's disk.", room.free_bytes)
    yield GaugeMetricFamily("farebox_journal_disk_bytes", "Size of the journal's disk.", room.disk_bytes)
    yield GaugeMetricFamily("farebox_journal_segments_waiting", "Sealed, without a receipt.", room.waiting)
    yield GaugeMetricFamily("farebox_journal_segments_rotten", "Set aside, to be reported.", room.rotten)
