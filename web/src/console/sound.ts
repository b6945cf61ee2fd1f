/** Two tones for what is urgent, made here: nothing is fetched. Browsers let a page sound only once somebody has touched it. */

let context: AudioContext | null = null;

export function ring(): void {
  context ??= new AudioContext();
  const start = context.currentTime;
  for (const [index, hertz] of [880, 660].entries()) {
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0, start + index * 0.25);
    volume.gain.linearRampToValueAtTime(0.2, start + index * 0.25 + 0.02);
    volume.gain.linearRampToValueAtTime(0, start + index * 0.25 + 0.22);
    tone.connect(volume).connect(context.destination);
    tone.start(start + index * 0.25);
    tone.stop(start + index * 0.25 + 0.25);
  }
}
