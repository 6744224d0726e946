// A question spoken into the microphone, as a WAV file of 16 kHz mono.

import { onSite } from "../base.js";
import { SPOKEN_S } from "../limits.js";

const RATE_HZ = 16_000;
const SHORTEST_S = 0.4;
const SILENCE_PEAK = 0.008;

/** Why a recording could not be made, in words for a person. */
export class VoiceError extends Error {}

/**
 * A recording that runs. `onLevel(share, seconds)` is told how loud it is, 0 to 1, and how long it lasts;
 * `onFull()` when it has lasted as long as it may. Throws VoiceError if there is no microphone to use.
 */
export async function record({ onLevel, onFull }) {
  const stream = await microphone();
  const context = new AudioContext();
  const blocks = [];
  let samples = 0;
  let isFull = false;
  try {
    await context.audioWorklet.addModule(onSite("/web/js/search/recorder-worklet.js"));
  } catch {
    close();
    throw new VoiceError("This browser cannot record sound for Moments. Type instead, or choose a recording.");
  }
  const node = new AudioWorkletNode(context, "recorder", {
    numberOfOutputs: 0,
    channelCount: 1,
    channelCountMode: "explicit",
  });
  node.port.onmessage = ({ data }) => {
    if (isFull) return;
    blocks.push(data);
    samples += data.length;
    const seconds = samples / context.sampleRate;
    onLevel(loudness(data), seconds);
    if (seconds >= SPOKEN_S) {
      isFull = true;
      onFull();
    }
  };
  context.createMediaStreamSource(stream).connect(node);
  return { finish, cancel: close };

  function close() {
    for (const track of stream.getTracks()) track.stop();
    if (context.state !== "closed") context.close();
  }

  /** The recording as a WAV file. Throws VoiceError if there is nothing on it. */
  async function finish() {
    const rateHz = context.sampleRate;
    close();
    const heard = join(blocks, samples);
    if (samples < SHORTEST_S * rateHz) throw new VoiceError("That was too short. Hold the button while you speak.");
    if (peak(heard) < SILENCE_PEAK) {
      throw new VoiceError("Nothing was heard. Check that the right microphone is chosen and not muted.");
    }
    return wav(await resample(heard, rateHz));
  }
}

async function microphone() {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new VoiceError("The microphone works only over HTTPS or on the machine that Moments runs on.");
  }
  try {
    // Without the echo and noise filters that browsers have for calls: they take parts of words with them.
    return await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: true },
    });
  } catch (error) {
    if (error.name === "NotAllowedError") {
      throw new VoiceError(
        "The microphone is blocked. Allow it for this site in the browser's address bar, then try again.",
      );
    }
    if (error.name === "NotFoundError") throw new VoiceError("No microphone was found. Plug one in, then try again.");
    throw new VoiceError("The microphone cannot be used; another program may have it.");
  }
}

function loudness(block) {
  const power = block.reduce((sum, sample) => sum + sample * sample, 0) / block.length;
  // -54 dB is the quiet end of the meter, -6 dB the loud one.
  return Math.min(1, Math.max(0, (10 * Math.log10(power + 1e-12) + 54) / 48));
}

function peak(samples) {
  return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
}

function join(blocks, length) {
  const all = new Float32Array(length);
  let at = 0;
  for (const block of blocks) {
    all.set(block, at);
    at += block.length;
  }
  return all;
}

async function resample(samples, rateHz) {
  if (rateHz === RATE_HZ) return samples;
  const length = Math.ceil((samples.length * RATE_HZ) / rateHz);
  const context = new OfflineAudioContext(1, length, RATE_HZ);
  const buffer = context.createBuffer(1, samples.length, rateHz);
  buffer.copyToChannel(samples, 0);
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  source.start();
  return (await context.startRendering()).getChannelData(0);
}

function wav(samples) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, letters) => [...letters].forEach((letter, n) => view.setUint8(at + n, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE_HZ, true);
  view.setUint32(28, 2 * RATE_HZ, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, n) => view.setInt16(44 + 2 * n, Math.max(-1, Math.min(1, sample)) * 0x7fff, true));
  return new File([view], "question.wav", { type: "audio/wav" });
}
