import Testing

@testable import MoldauBenchmarks

struct StatisticsTests {
  @Test(
    "the median is the middle, or the mean of the middle two",
    arguments: [
      ([3], 3), ([1, 9], 5), ([9, 1, 5], 5), ([4, 1, 3, 2], 2.5), ([7, 7, 7, 7, 100], 7),
    ] as [([Double], Double)])
  func median(values: [Double], expected: Double) {
    #expect(Statistics.median(values) == expected)
  }

  @Test(
    "a percentile is the value at the nearest rank",
    arguments: [
      (0, 1), (1, 1), (50, 50), (50.5, 51), (99, 99), (100, 100),
    ] as [(Double, Double)])
  func percentile(percent: Double, expected: Double) {
    let values = (1...100).map(Double.init).shuffled()
    #expect(Statistics.percentile(percent, of: values) == expected)
  }

  @Test("nothing has no median and no percentile")
  func nothing() {
    #expect(Statistics.median([]) == nil)
    #expect(Statistics.percentile(50, of: []) == nil)
  }
}
