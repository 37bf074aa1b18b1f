// Objects that the palette finds by name from any page: datasets, label sets, specs, runs, models, endpoints. Imported once, with the list of pages.
import Activity from '@lucide/svelte/icons/activity';
import Columns3Cog from '@lucide/svelte/icons/columns-3-cog';
import Database from '@lucide/svelte/icons/database';
import PackageCheck from '@lucide/svelte/icons/package-check';
import PlugZap from '@lucide/svelte/icons/plug-zap';
import Tag from '@lucide/svelte/icons/tag';
import { commands, type Command } from '../app/commands.svelte.ts';
import { router } from '../app/router.svelte.ts';
import { t } from '../i18n/i18n.svelte.ts';
import { client } from '../rpc/client.svelte.ts';

const shownPerKind = 8;

function matching<T>(all: readonly T[], nameOf: (one: T) => string, query: string): T[] {
  return all.filter((one) => nameOf(one).toLowerCase().includes(query.trim().toLowerCase())).slice(0, shownPerKind);
}

async function findDatasets(query: string): Promise<Command[]> {
  const all = await client.call('data.list', {});
  return matching(all, ({ dataset }) => dataset, query).map(({ dataset, version }) => ({
    id: `dataset-${dataset}`,
    kind: 'object',
    title: dataset,
    detail: `${t('data:dataset')} v${version}`,
    icon: Database,
    run: () => router.go('data', dataset, `v${version}`),
  }));
}

async function findLabelSets(query: string): Promise<Command[]> {
  const all = await client.call('label.list', {});
  return matching(all, ({ name }) => name, query).map(({ name, dataset }) => ({
    id: `labels-${name}`,
    kind: 'object',
    title: name,
    detail: `${t('label:labelSet')} · ${dataset.name} v${dataset.version}`,
    icon: Tag,
    run: () => router.go('label', name),
  }));
}

async function findSpecs(query: string): Promise<Command[]> {
  const all = await client.call('features.list', {});
  return matching(all, ({ name }) => name, query).map(({ name, version }) => ({
    id: `spec-${name}`,
    kind: 'object',
    title: name,
    detail: `${t('features:spec')} v${version}`,
    icon: Columns3Cog,
    run: () => router.go('features', name, `v${version}`),
  }));
}

/** By number or by the name of the dataset. */
async function findRuns(query: string): Promise<Command[]> {
  const all = await client.call('train.list', { limit: 200 });
  const titleOf = (number: number): string => t('train:runNumber', { number });
  return matching(all, ({ number, request }) => `${titleOf(number)} ${request.dataset.name}`, query).map(({ id, number, request }) => ({
    id: `run-${id}`,
    kind: 'object',
    title: titleOf(number),
    detail: `${request.dataset.name} v${request.dataset.version}`,
    icon: Activity,
    run: () => router.go('train', id),
  }));
}

async function findModels(query: string): Promise<Command[]> {
  const all = await client.call('registry.list', {});
  return matching(all, ({ name }) => name, query).map(({ name, champion, latest }) => ({
    id: `model-${name}`,
    kind: 'object',
    title: name,
    detail: `${t('registry:model')} · ${champion ? t('registry:model.answer.champion', { version: champion.version }) : `v${latest.version}`}`,
    icon: PackageCheck,
    run: () => router.go('registry', name),
  }));
}

async function findEndpoints(query: string): Promise<Command[]> {
  const all = await client.call('serve.list', {});
  return matching(all, ({ name }) => name, query).map(({ name, model, version }) => ({
    id: `endpoint-${name}`,
    kind: 'object',
    title: name,
    detail: `${t('serve:endpoint')} · ${model}${version === null ? '' : ` v${version}`}`,
    icon: PlugZap,
    run: () => router.go('serve', name),
  }));
}

for (const search of [findDatasets, findLabelSets, findSpecs, findRuns, findModels, findEndpoints]) commands.addSearch(search);
