/** Packages of an image. */
export interface Contents {
  /** Name of the image. */
  readonly image: string;
  /** The image's id on the engine: the SHA-256 of its configuration, which names its layers. */
  readonly id: string;
  /** Output of `list.sh`. */
  readonly text: string;
}

/** A component in the form of CycloneDX. */
interface Component {
  readonly type: "library";
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
}

/** Encodes a part of a package URL, in which colons stay. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll("%3A", ":");
}

function component(name: string, version: string, purl: string): Component {
  return { type: "library", "bom-ref": purl, name, version, purl };
}

/** Lists the packages in the output of `list.sh`; scanners know Debian's vulnerabilities by source package. */
export function packagesIn(text: string): readonly Component[] {
  const rows = text
    .trim()
    .split("\n")
    .map((line) => line.split("\t"));
  const [, distribution = "", release = ""] = rows.find(([kind]) => kind === "os") ?? [];
  const distro = `${distribution}${release === "" ? "" : `-${release}`}`;
  return rows.flatMap(([kind, name = "", version = "", architecture = "", source = ""]) => {
    if (kind === "installed") {
      const upstream = source === "" || source === name ? "" : `&upstream=${encoded(source)}`;
      const qualifiers = `arch=${architecture}&distro=${encoded(distro)}${upstream}`;
      const purl = `pkg:deb/${distribution}/${encoded(name)}@${encoded(version)}?${qualifiers}`;
      return [component(name, version, purl)];
    }
    if (kind !== "pypi") return [];
    const known = name.toLowerCase().replaceAll("_", "-");
    return [component(name, version, `pkg:pypi/${encoded(known)}@${encoded(version)}`)];
  });
}

/** Splits the name of an image from its tag or digest. */
function versionOf(image: string): { readonly name: string; readonly version?: string } {
  const [, name = image, version] = /^(.*?)(?:@|:(?=[^/:@]+$))(.+)$/.exec(image) ?? [];
  return { name, ...(version !== undefined && { version }) };
}

function sorted(refs: Iterable<string>): readonly string[] {
  return [...new Set(refs)].sort();
}

/** Name and version of the project, and what tells one document from another. */
export interface Document {
  readonly version: string;
  /** Random UUID. */
  readonly serial: string;
  /** Time, in ISO 8601. */
  readonly at: string;
}

/**
 * Renders one SBOM of several images in the form of CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json): each package
 * once, and under `dependencies` the packages of each image.
 */
export function bom(all: readonly Contents[], { version, serial, at }: Document) {
  const project = "airflow-on-celery";
  const byImage = all.map((one) => ({ ...one, packages: packagesIn(one.text) }));
  const packages = new Map(byImage.flatMap((one) => one.packages.map((each) => [each.purl, each] as const)));
  const byPurl = [...packages.values()].sort((one, other) => (one.purl < other.purl ? -1 : 1));
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${serial}`,
    version: 1,
    metadata: {
      timestamp: at,
      component: { type: "application", "bom-ref": project, name: project, version },
    },
    components: [
      ...byImage.map(({ image, id }) => ({
        type: "container",
        "bom-ref": image,
        ...versionOf(image),
        properties: [{ name: `${project}:image-id`, value: id }],
      })),
      ...byPurl,
    ],
    dependencies: [
      { ref: project, dependsOn: sorted(all.map(({ image }) => image)) },
      ...byImage.map((one) => ({ ref: one.image, dependsOn: sorted(one.packages.map(({ purl }) => purl)) })),
    ],
  };
}
