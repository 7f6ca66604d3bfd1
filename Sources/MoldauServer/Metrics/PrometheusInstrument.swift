import CoreMetrics
import Synchronization

/// A counter, gauge, summary or timer of swift-metrics and what it was told. Thread-safe.
final class PrometheusInstrument: Sendable {
  enum Kind {
    case counter, gauge, summary, timer

    /// What the name of such a family ends in.
    var suffix: String {
      switch self {
      case .counter: "_total"
      case .gauge, .summary: ""
      case .timer: "_seconds"
      }
    }

    var inPrometheus: PrometheusText.Kind {
      switch self {
      case .counter: .counter
      case .gauge: .gauge
      case .summary: .summary
      case .timer: .histogram
      }
    }
  }

  private struct State: Sendable {
    var value: Double = 0
    var count: UInt64 = 0
    var durations: DurationHistogram?
  }

  let name: String
  let kind: Kind
  private let labels: [(String, String)]
  private let state: Mutex<State>

  init(name: String, labels: [(String, String)], _ kind: Kind) {
    self.name = name
    self.labels = labels
    self.kind = kind
    state = Mutex(State(durations: kind == .timer ? DurationHistogram() : nil))
  }

  func write(to text: inout PrometheusText) {
    let state = state.withLock { $0 }
    switch kind {
    case .counter, .gauge:
      text.sample(name, labels, state.value)
    case .summary:
      text.sample("\(name)_sum", labels, state.value)
      text.sample("\(name)_count", labels, state.count)
    case .timer:
      if let durations = state.durations { text.histogram(name, labels, durations) }
    }
  }
}

extension PrometheusInstrument: CounterHandler, FloatingPointCounterHandler {
  func increment(by amount: Int64) { increment(by: Double(amount)) }

  func increment(by amount: Double) { state.withLock { $0.value += amount } }

  func reset() { state.withLock { $0.value = 0 } }
}

extension PrometheusInstrument: MeterHandler, RecorderHandler {
  func set(_ value: Int64) { set(Double(value)) }

  func set(_ value: Double) { state.withLock { $0.value = value } }

  func decrement(by amount: Double) { increment(by: -amount) }

  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    state.withLock { state in
      state.value = kind == .summary ? state.value + value : value
      state.count += 1
    }
  }
}

extension PrometheusInstrument: TimerHandler {
  func recordNanoseconds(_ duration: Int64) {
    state.withLock { $0.durations?.record(nanoseconds: duration) }
  }
}
