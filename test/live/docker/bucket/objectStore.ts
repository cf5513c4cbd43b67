import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { authorityCertificate, machineCertificate } from "../../../../platforms/docker/certificate.ts";
import { waitFor } from "../../../runner/waiting.ts";
import { addressIn, docker, sweep } from "../../targets/docker.ts";

const dockerfile = `FROM debian:bookworm-slim
RUN apt-get update -q && apt-get install -qy --no-install-recommends ca-certificates python3-venv
RUN python3 -m venv /s3 && /s3/bin/pip install --quiet --no-cache-dir moto[s3]==5.2.5 flask==3.1.3 flask-cors==6.0.5
`;

/** Rights that `docs/backup.md` asks for. */
const policy = (bucket: string) => ({
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Action: ["s3:ListBucket"], Resource: `arn:aws:s3:::${bucket}` },
    {
      Effect: "Allow",
      Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
      Resource: `arn:aws:s3:::${bucket}/*`,
    },
  ],
});

/** Creates the bucket and its user; from the fourth request on, the server checks signatures and rights. */
const preparation = `
import json, sys, boto3, urllib3
urllib3.disable_warnings()
url, bucket, policy = sys.argv[1:]
login = {"endpoint_url": url, "region_name": "us-east-1", "aws_access_key_id": "a", "aws_secret_access_key": "b", "verify": False}
iam = boto3.client("iam", **login)
iam.create_user(UserName="backup")
key = iam.create_access_key(UserName="backup")["AccessKey"]
iam.put_user_policy(UserName="backup", PolicyName="backup", PolicyDocument=policy)
boto3.client("s3", **login).create_bucket(Bucket=bucket)
print(json.dumps({"id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}))
`;

/** S3 server (moto) with a bucket and a user who may use it, over TLS with a private authority; the route to it can be cut. */
export class ObjectStore {
  readonly folder: string;
  /** Files with the certificate of the server's authority, and of another one. */
  readonly ca: string;
  readonly otherCa: string;
  readonly bucket = "team-backups";
  login = { id: "", secret: "" };
  /** Name of the container and the network. */
  readonly name: string;
  private readonly port: number;
  private address = "";
  private readonly sockets = new Set<Socket>();
  /** Bytes after which the route ends; undefined for no end. */
  private left: number | undefined;
  private readonly route = createServer((from) => {
    const to = connect(this.port, "127.0.0.1");
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      this.sockets.add(one);
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
      one.pipe(other);
    }
    from.on("data", ({ length }) => {
      if (this.left === undefined) return;
      this.left -= length;
      if (this.left < 0) this.cut();
    });
  });

  /**
   * @param name name of the container and a network
   * @param port the first of two free ports
   */
  constructor(name: string, port: number) {
    [this.name, this.port] = [name, port];
    this.folder = mkdtempSync(join(tmpdir(), `${name}-`));
    this.ca = join(this.folder, "ca.pem");
    this.otherCa = join(this.folder, "other.pem");
  }

  /** URL at which containers of every network reach the store. */
  get url(): string {
    return `https://s3.test:${this.port + 1}`;
  }

  /** Addresses of the hosts in the URL. */
  get hosts(): Readonly<Record<string, string>> {
    return { "s3.test": this.address };
  }

  /** Writes a file into the folder; returns its path. */
  file(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  async start(): Promise<void> {
    await sweep(this.name);
    const newKey = () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const [signer, other, key] = [newKey(), newKey(), newKey()];
    this.file("ca.pem", await authorityCertificate(createPublicKey(signer), signer, 1));
    this.file("other.pem", await authorityCertificate(createPublicKey(other), other, 1));
    this.file("server.pem", await machineCertificate("s3.test", createPublicKey(key), signer, 1));
    this.file("server.key", key.export({ type: "pkcs8", format: "pem" }).toString());
    this.file("Dockerfile", dockerfile);
    await docker("build", "--quiet", "--tag", this.name, this.folder);
    this.address = await addressIn(this.name);
    const server = ["/s3/bin/moto_server", "--host", "127.0.0.1", "--port", String(this.port)];
    const tls = ["--ssl-cert", "/tls/server.pem", "--ssl-key", "/tls/server.key"];
    const options = ["--detach", "--network", "host", "--volume", `${this.folder}:/tls:ro`];
    // Takes the first part of a path as the bucket, whatever the host is.
    const checks = ["INITIAL_NO_AUTH_ACTION_COUNT=4", "S3_IGNORE_SUBDOMAIN_BUCKETNAME=true"];
    const env = checks.flatMap((one) => ["--env", one]);
    await docker("run", ...options, ...env, "--name", this.name, this.name, ...server, ...tls);
    const here = `https://127.0.0.1:${this.port}`;
    const prepare = ["exec", this.name, "/s3/bin/python", "-c", preparation, here, this.bucket];
    await waitFor("the object store", 60, () => this.listening());
    this.login = JSON.parse(await docker(...prepare, JSON.stringify(policy(this.bucket))));
    await this.mend();
  }

  /** Ends all connections, at once or after further bytes to the store, and refuses others. */
  cut(afterBytes?: number): void {
    this.left = afterBytes;
    if (afterBytes !== undefined) return;
    this.route.close();
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  /** Opens the route to the store. */
  mend(): Promise<void> {
    this.left = undefined;
    return new Promise((done) => this.route.listen(this.port + 1, this.address, done));
  }

  async remove(): Promise<void> {
    this.cut();
    await sweep(this.name);
    rmSync(this.folder, { recursive: true });
  }

  private listening(): Promise<true | undefined> {
    return new Promise((done) => {
      const probe = connect(this.port, "127.0.0.1");
      probe.on("connect", () => done(true)).on("error", () => done(undefined));
      probe.on("connect", () => probe.destroy());
    });
  }
}
