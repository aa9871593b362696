import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Ours alone, so that the machine-id itself never leaves the host. */
export const APP_ID = '8f0a4d1c6b5e4c39a2d7e1506f9b3c84';

/**
 * Application-specific machine id, 32 hexadecimal digits, as sd_id128_get_machine_app_specific makes it
 * (HMAC-SHA256 of the application id keyed with the machine-id, as a version 4 UUID); '' without a machine-id.
 */
export function hostId(path = '/etc/machine-id'): string {
  const machine = readMachineId(path);
  if (!machine) return '';
  const hash = createHmac('sha256', machine).update(Buffer.from(APP_ID, 'hex')).digest().subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x40;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return hash.toString('hex');
}

/** Random UUID that the kernel took at its start; '' where procfs does not tell. */
export function bootId(path = '/proc/sys/kernel/random/boot_id'): string {
  const text = readText(path);
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) ? text : '';
}

function readMachineId(path: string): Buffer | undefined {
  const text = readText(path);
  return /^[0-9a-f]{32}$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
