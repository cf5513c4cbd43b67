function bitsOf(cidr: string): readonly [bits: string, length: number] {
  const [address = "", length = "32"] = cidr.split("/");
  const bits = address.split(".").map((part) => Number(part).toString(2).padStart(8, "0"));
  return [bits.join(""), Number(length)];
}

/** True if a range of IPv4 addresses, or a single address, lies within another range. */
export function within(inner: string, outer: string): boolean {
  const [innerBits, innerLength] = bitsOf(inner);
  const [outerBits, outerLength] = bitsOf(outer);
  return innerLength >= outerLength && innerBits.startsWith(outerBits.slice(0, outerLength));
}
