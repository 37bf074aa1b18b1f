// The whole way as one person walks it through the window, the same in a browser and in Electron.
import { adviseOnOrders } from './wholeWayAdvice.ts';
import { breakTheData, deployAndAsk, learnNothingNew, promoteUnderTraffic, retrainFromAlert } from './wholeWayLive.ts';
import {
  importNewerExport,
  importTable,
  labelSome,
  makeChampion,
  proposeFeatures,
  refuseRaggedFile,
  trainAndRegister,
} from './wholeWayModel.ts';
import { changeLook, verifyAudit } from './wholeWayOffice.ts';
import type { Walker } from './wholeWayWindow.ts';

export async function walkTheWholeWay(walker: Walker): Promise<void> {
  await refuseRaggedFile(walker);
  await importTable(walker);
  await labelSome(walker);
  await proposeFeatures(walker);
  await trainAndRegister(walker);
  await makeChampion(walker);
  const url = await deployAndAsk(walker);
  await breakTheData(walker, url);
  await importNewerExport(walker);
  await retrainFromAlert(walker);
  await changeLook(walker);
  await promoteUnderTraffic(walker, url);
  await learnNothingNew(walker);
  await adviseOnOrders(walker);
  await verifyAudit(walker);
}
