// What the C program that libFuzzer drives calls.

private let targets = FuzzTarget.all

/// Returns the index of the target called `name`, or −1.
@_cdecl("moldau_fuzz_index")
package func index(ofTargetNamed name: UnsafePointer<CChar>) -> Int32 {
  // SAFETY: the caller hands over a C string.
  let name = unsafe String(cString: name)
  return Int32(targets.firstIndex { $0.name == name } ?? -1)
}

/// Feeds `count` bytes to the target at `index`.
@_cdecl("moldau_fuzz_run")
package func runTarget(at index: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) {
  // SAFETY: the caller owns the bytes and keeps them until the call returns.
  let input = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
  unsafe targets[Int(index)].run(input.bytes)
}
