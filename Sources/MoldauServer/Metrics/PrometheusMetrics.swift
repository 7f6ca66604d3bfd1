public import CoreMetrics
import Synchronization

/// A backend of swift-metrics that keeps what it is told until Prometheus asks.
///
/// `moldau serve` hands it to the store. A program that has no other backend can make it the
/// process's (`MetricsSystem.bootstrap`), or one of several (`MultiplexMetricsHandler`), and give it
/// to `ServerConfiguration.Admin`, whose `/metrics` then shows all of it beside the broker's own.
/// Thread-safe.
///
/// A label `moldau.log.commits` becomes `moldau_log_commits`; counters end in `_total`, timers in
/// `_seconds`.
public final class PrometheusMetrics: MetricsFactory {
  private struct Key: Hashable {
    var name: String
    var dimensions: [String]
  }

  private let instruments = Mutex<[Key: PrometheusInstrument]>([:])

  /// A backend that has been told nothing yet.
  public init() {}

  private func instrument(
    _ label: String, _ dimensions: [(String, String)], _ kind: PrometheusInstrument.Kind
  ) -> PrometheusInstrument {
    let name = PrometheusText.name(label) + kind.suffix
    let labels = dimensions.map { (PrometheusText.name($0.0), $0.1) }
    let key = Key(name: name, dimensions: labels.flatMap { [$0.0, $0.1] })
    return instruments.withLock { instruments in
      if let known = instruments[key], known.kind == kind { return known }
      let made = PrometheusInstrument(name: name, labels: labels, kind)
      // One that cannot be kept counts for nobody: its owner need not know.
      if instruments[key] == nil, instruments.count < Limits.instrumentCount {
        instruments[key] = made
      }
      return made
    }
  }

  /// Appends a family for each name.
  func write(to text: inout PrometheusText) {
    let all = instruments.withLock { Array($0.values) }
    for (name, family) in Dictionary(grouping: all, by: \.name).sorted(by: { $0.key < $1.key }) {
      let kind = family[0].kind
      text.family(name, kind.inPrometheus, "Reported through swift-metrics.")
      for instrument in family where instrument.kind == kind {
        instrument.write(to: &text)
      }
    }
  }

  // MARK: MetricsFactory

  /// Makes a counter, or finds it.
  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    instrument(label, dimensions, .counter)
  }

  /// Makes a counter of fractions, or finds it.
  public func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    instrument(label, dimensions, .counter)
  }

  /// Makes a meter, or finds it.
  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    instrument(label, dimensions, .gauge)
  }

  /// Makes a recorder, or finds it: a summary's count and sum when `aggregate` is true, else a gauge.
  public func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    instrument(label, dimensions, aggregate ? .summary : .gauge)
  }

  /// Makes a timer, or finds it.
  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    instrument(label, dimensions, .timer)
  }

  private func remove(_ handler: AnyObject) {
    instruments.withLock { instruments in
      instruments = instruments.filter { $0.value !== handler }
    }
  }

  /// Forgets a counter.
  public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
  /// Forgets a counter of fractions.
  public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
    remove(handler)
  }
  /// Forgets a meter.
  public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
  /// Forgets a recorder.
  public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
  /// Forgets a timer.
  public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }
}
