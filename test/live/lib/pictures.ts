import { join } from "node:path";
import type { Page } from "playwright-core";
import type { Outputs } from "../../../tools/lib/stack.ts";
import { launch, open, picture, signIn } from "./browser.ts";

/** Pages of a deployed stack, open in a browser that is signed in. */
export class Pictures {
  private readonly outputs: Outputs;
  private readonly folder: string;
  private readonly browser = launch();

  /** @param folder destination of the pictures */
  constructor(outputs: Outputs, folder: string) {
    this.outputs = outputs;
    this.folder = folder;
  }

  /** Takes `NAME.png` of a page of Airflow once it shows a text. */
  async airflow(name: string, path: string, text: string, height: number): Promise<void> {
    const page = await open(await this.browser, { viewport: { width: 1500, height } });
    await page.goto(`${this.outputs.webserverUrl}${path}`);
    await signIn(page, this.outputs);
    await this.take(page, name, text, height);
  }

  /** Takes `NAME.png` of a page of Flower once it shows a text. */
  flower(name: string, path: string, text: string, height: number): Promise<void> {
    return this.basic(name, this.outputs.flowerUrl, path, text, height);
  }

  /** Takes `NAME.png` of a page of the monitoring once it shows a text. */
  monitoring(name: string, path: string, text: string, height: number): Promise<void> {
    return this.basic(name, this.outputs.monitoringUrl ?? "", path, text, height);
  }

  /** Takes a picture behind basic authentication. */
  private async basic(name: string, url: string, path: string, text: string, height: number): Promise<void> {
    const { adminUser: username, adminPassword: password } = this.outputs;
    const httpCredentials = { username, password, origin: url };
    const page = await open(await this.browser, { viewport: { width: 1400, height }, httpCredentials });
    await page.goto(`${url}${path}`);
    await this.take(page, name, text, height);
  }

  private async take(page: Page, name: string, text: string, height: number): Promise<void> {
    await page.getByText(text).first().waitFor({ timeout: 60_000 });
    await picture(page, height, join(this.folder, `${name}.png`));
    await page.context().close();
  }

  async close(): Promise<void> {
    await (await this.browser).close();
  }
}
