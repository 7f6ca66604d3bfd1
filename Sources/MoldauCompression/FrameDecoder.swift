import MoldauFormat

/// A decoder that takes frames, one behind the other, in steps of any size.
protocol FrameDecoder: PooledContext {
  static var codec: CompressionCodec { get }
  /// Decodes what fits from the start of `input`, of which it may take none, some or all.
  func decode(
    _ input: RawSpan, into output: inout OutputSpan<UInt8>
  ) throws(FormatError) -> DecodingStep
}

/// What one call of a decoder did.
struct DecodingStep {
  let consumedByteCount: Int
  /// The frame is complete and all of it was handed out.
  let endsFrame: Bool
}

extension FrameDecoder {
  /// Appends all frames of `input` to `output`, which grows by at most `limit` bytes.
  func decodeFrames(
    _ input: RawSpan, limit: Int, into output: inout [UInt8]
  ) throws(FormatError) {
    let bound = OutputBound(start: output.count, limit: limit)
    var position = 0
    var isComplete = false
    while position < input.byteCount || !isComplete {
      let before = output.count
      let rest = input.extracting(droppingFirst: position)
      let room = bound.room(in: output, inputByteCount: input.byteCount)
      let step =
        room > 0
        ? try decode(rest, appending: room, to: &output)
        : try decodeNothing(rest, limit: limit)
      position += step.consumedByteCount
      isComplete = step.endsFrame
      guard step.consumedByteCount > 0 || output.count > before || isComplete else {
        throw .malformedCompression(codec: Self.codec, reason: "the bytes end within a frame")
      }
    }
  }

  private func decode(
    _ input: RawSpan, appending room: Int, to output: inout [UInt8]
  ) throws(FormatError) -> DecodingStep {
    output.reserveCapacity(output.count + room)
    var step: DecodingStep?
    try output.append(addingCapacity: room) { (tail: inout OutputSpan<UInt8>) throws(FormatError) in
      step = try decode(input, into: &tail)
    }
    guard let step else { preconditionFailure("the closure runs once") }
    return step
  }

  /// Takes a step that may end the frame but must not produce a byte: the bound is reached.
  private func decodeNothing(
    _ input: RawSpan, limit: Int
  ) throws(FormatError) -> DecodingStep {
    var overflow: [UInt8] = []
    let step = try decode(input, appending: 1, to: &overflow)
    guard overflow.isEmpty else { throw .decompressedSizeAboveLimit(limit: limit) }
    return step
  }
}
