/// Finds what somebody may have meant.
enum Suggestion {
  /// The setting that an unknown name stands for: another spelling, Kafka's name, or a slip.
  static func setting(for name: String) -> Setting? {
    if let known = Setting.all.first(where: { $0.kafkaNames.contains(name.lowercased()) }) {
      return known
    }
    let spelled = kebabCase(name)
    if let known = Setting.named(spelled) { return known }
    let near = Setting.all.map { (setting: $0, distance: distance(spelled, $0.name)) }
      .min { $0.distance < $1.distance }
    guard let near, near.distance <= min(Limits.suggestionDistance, near.setting.name.count / 2)
    else { return nil }
    return near.setting
  }

  /// `nodeId`, `node_id` and `node.id` are `node-id`.
  static func kebabCase(_ name: String) -> String {
    var result = ""
    var wasLower = false
    for character in name {
      if character.isUppercase, wasLower { result += "-" }
      wasLower = character.isLowercase
      result +=
        character == "_" || character == "." || character == " " ? "-" : character.lowercased()
    }
    return result
  }

  /// How many characters have to be changed, added, left out or swapped with their neighbour to come
  /// from one name to the other (optimal string alignment).
  static func distance(_ one: String, _ other: String) -> Int {
    let a = Array(one)
    let b = Array(other)
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          best = min(best, beforeLast[j - 1] + 1)
        }
        row.append(best)
      }
      beforeLast = last
      last = row
    }
    return last[b.count]
  }
}
