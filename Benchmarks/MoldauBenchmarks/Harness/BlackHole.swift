import CMoldauBaseline

/// Uses `value` in a way that the optimiser cannot see through.
@inline(__always)
func blackHole(_ value: some BinaryInteger) {
  moldau_baseline_black_hole(UInt64(truncatingIfNeeded: value))
}
