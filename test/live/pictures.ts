import { join } from "node:path";
import type { Page } from "playwright-core";
import type { Outputs } from "../../tools/lib/stack.ts";
import { launch, open, picture, signIn } from "./lib/browser.ts";
import { basicAuthentication } from "./lib/monitoring.ts";

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
  async flower(name: string, path: string, text: string, height: number): Promise<void> {
    await this.take(await this.open(this.outputs.flowerUrl, path, height), name, text, height);
  }

  /** Takes `NAME.png` of a dashboard of the monitoring, with the last ten minutes. */
  async monitoring(name: string, path: string, text: string, height: number): Promise<void> {
    const page = await this.open(this.outputs.monitoringUrl ?? "", path, height);
    await page.getByText(text).first().waitFor({ timeout: 60_000 });
    await page.locator("#prom_graph_duration").fill("10m");
    await page.locator("#prom_graph_duration").press("Enter");
    await page.waitForLoadState("networkidle");
    await page.screenshot({ path: join(this.folder, `${name}.png`) });
    if (await page.getByText("Error loading data").count())
      throw new Error(`${path} shows graphs without data; see ${name}.png`);
    await page.context().close();
  }

  /** Opens a page behind basic authentication. */
  private async open(url: string, path: string, height: number): Promise<Page> {
    const page = await open(await this.browser, {
      viewport: { width: 1400, height },
      extraHTTPHeaders: basicAuthentication(this.outputs),
    });
    await page.goto(`${url}${path}`);
    return page;
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
