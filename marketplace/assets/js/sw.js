// Keeps the check at hand without a network: the form that answers offline, and our own files. Nothing else is kept:
// pages are always asked of the network, so no answer, name or amount of anybody stays in this browser's cache.
// The route puts SHELL before this text: its version, the addresses of the form in each language, and the files it needs.
/* global SHELL */
"use strict";
const NAME = `shell-${SHELL.version}`;
const LANGUAGE = "/shell-language";

async function install() {
  const cache = await caches.open(NAME);
  await Promise.all(SHELL.pages.map(async (address) => {
    const page = await fetch(address, { credentials: "omit", cache: "reload" });
    if (!page.ok) throw new Error(`${address}: ${page.status}`);
    await cache.put(address, page);
  }));
  await cache.addAll(SHELL.assets);
  await self.skipWaiting();
}

async function activate() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("shell-") && name !== NAME).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function file(request) {
  return (await caches.match(request)) ?? fetch(request);
}

async function page(request) {
  try {
    const answer = await fetch(request);
    const language = answer.headers.get("content-language");
    if (language) {
      const cache = await caches.open(NAME);
      await cache.put(LANGUAGE, new Response(language));
    }
    return answer;
  } catch (error) {
    const cache = await caches.open(NAME);
    const asked = new URL(request.url).searchParams.get("lang");
    const kept = await cache.match(LANGUAGE);
    const language = asked ?? (kept ? await kept.text() : "zh-CN");
    const form = await cache.match(SHELL.pages[language.startsWith("en") ? 1 : 0]);
    if (form) return form;
    throw error;
  }
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(file(request));
  else if (request.mode === "navigate") event.respondWith(page(request));
});
