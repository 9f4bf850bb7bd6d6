import { describe, expect, it } from 'vitest';
import { isLoopback } from '../../../local/sandbox/loopback.ts';

describe('a loopback address', () => {
  it.each([
    ['http://127.0.0.1:3000/x', true],
    ['http://127.1/x', true],
    ['http://2130706433/x', true],
    ['http://[::1]:3000/x', true],
    ['https://localhost/x', true],
    ['http://10.0.0.1/x', false],
    ['http://169.254.169.254/latest', false],
    ['http://127.0.0.1.example.com/x', false],
    ['http://localhost.example.com/x', false],
    ['http://[::ffff:10.0.0.1]/x', false],
    ['http://0.0.0.0/x', false],
    ['ftp://127.0.0.1/x', false],
    ['http://127.0.0.1@example.com/x', false],
  ])('%s: %s', (url, verdict) => {
    expect(isLoopback(new URL(url))).toBe(verdict);
  });
});
