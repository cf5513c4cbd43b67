function bitsOf(cidr: string): readonly [bits: string, length: number] {
  const [address = "", length = "32"] = cidr.split("/");
  const bits = address.split(".").map((part) => Number(part).toString(2).padStart(8, "0"));
  return [bits.join(""), Number(length)];
}

/** True for an IPv4 address that no host has in a network: of the machine itself, of a group, or of all. */
export function isNoHost(address: string): boolean {
  return /^(0|127|22[4-9]|2[3-5]\d)\./.test(address);
}

/** True if a range of IPv4 addresses, or a single address, lies within another range. */
export function within(inner: string, outer: string): boolean {
  const [innerBits, innerLength] = bitsOf(inner);
  const [outerBits, outerLength] = bitsOf(outer);
  return innerLength >= outerLength && innerBits.startsWith(outerBits.slice(0, outerLength));
}
