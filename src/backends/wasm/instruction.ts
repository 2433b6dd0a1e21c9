import { type Code, Header } from './instructions.ts';

/** The words of one instruction. */
export class Instruction {
  readonly words: Int32Array;
  private readonly reals: Float32Array;

  /** @param whole the length including the instructions inside it, which a loop has */
  constructor(code: Code, length: number, whole = length) {
    this.words = new Int32Array(length);
    this.reals = new Float32Array(this.words.buffer);
    this.words[Header.code] = code;
    this.words[Header.length] = whole;
  }

  set(field: number, ...values: readonly number[]): this {
    this.words.set(values, field);
    return this;
  }

  setReals(field: number, ...values: readonly number[]): this {
    this.reals.set(values, field);
    return this;
  }
}
