import "./platforms/promiseTraces.ts";
import { readPlaces, readSettings, readValues } from "./config.ts";
import { backupOutput, deployAirflow } from "./package/deploy.ts";
import { deployedResources } from "./platforms/look.ts";
import { isEmpty, previousOutputs } from "./platforms/ownership/known.ts";

const resources = await deployedResources();
const settings = readSettings(isEmpty(resources));
const previous = previousOutputs(resources);

const outputs = await deployAirflow(settings, {
  resources,
  previous,
  values: readValues(),
  where: readPlaces(),
});

export default { ...outputs, ...backupOutput(settings) };
