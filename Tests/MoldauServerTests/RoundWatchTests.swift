import Testing

@testable import MoldauServer

struct RoundWatchTests {
  private func findings(_ rounds: [Int]) -> [RoundWatch.Finding] {
    var watch = RoundWatch(hangs: 3, isLost: 5)
    return rounds.map { watch.look(atRound: $0) }
  }

  @Test("what does not come round hangs, then is lost, each found once")
  func hangs() {
    #expect(
      findings([7, 7, 7, 7, 7, 7, 7, 7]) == [
        .comesRound, .isLate, .isLate, .hangs(atRound: 7), .isLate, .isLost, .isLate, .isLate,
      ])
  }

  @Test("what comes round late, again and again, does not hang; nor is it lost after it has hung")
  func late() {
    #expect(
      findings([1, 1, 1, 2, 2, 2, 2, 3, 3, 3]) == [
        .comesRound, .isLate, .isLate, .comesRound, .isLate, .isLate, .hangs(atRound: 2),
        .comesRound, .isLate, .isLate,
      ])
  }

  @Test("what has never come round hangs too")
  func never() {
    #expect(findings([0, 0, 0, 0]).last == .hangs(atRound: 0))
  }
}
