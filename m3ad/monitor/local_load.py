"""From a model folder to a model in memory: device, number format, memory, adapter, processor. Knows no decoding."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import torch
from safetensors import SafetensorError, safe_open
from transformers import AutoModelForImageTextToText, AutoProcessor, BitsAndBytesConfig, DynamicCache
from transformers.cache_utils import DynamicLayer

from m3ad.errors import ModelUnavailable
from m3ad.monitor import folders
from m3ad.monitor.fingerprint import fingerprints
from m3ad.monitor.hub import hub_folder
from m3ad.monitor.names import Quantization, Source, resolve

# Bytes a weight takes; the quantized ones with their scales and with what is left out of quantization.
QUANTIZED_BYTES = {"8bit": 1.2, "4bit": 0.7}
# Beside the weights: the picture's activations, the cache of keys and values, the library's own buffers. [U]
OVERHEAD = 1.2
# The vision tower keeps its full numbers; the full module path, because a bare "visual" would match nothing.
UNQUANTIZED = ["model.visual", "lm_head"]
# transformers builds a model under settings of the whole process: of two built at once, one lacked its tied weights.
ONE_AT_A_TIME = threading.Lock()
LOADING_ERRORS = (OSError, ValueError, RuntimeError, KeyError, ImportError, SafetensorError)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model ready to run.

    Attributes:
        where: the device in words.
        card: the folder's monitor.json if there is one.
        weights: the fingerprint of its files, of an adapter with those of its base.
    """

    model: Any
    processor: Any
    where: str
    card: folders.Card | None
    weights: str = ""


def load(source: Source, device: str, quantization: Quantization | None) -> Loaded:
    """Loads a folder's or repository's model; ModelUnavailable says what is missing and what to do."""
    place = choose_device(device, quantization)
    dtype = torch.bfloat16 if place.type == "cuda" else torch.float32
    folder = local_folder(source)
    folders.check_folder(folder)
    card = folders.read_card(folder)
    base, base_source = folder, source
    if folders.is_adapter(folder):
        base_source = resolve(folders.adapter_base(folder))
        base = local_folder(base_source)
        folders.check_folder(base)
    check_memory(folders.count_parameters(base), place, dtype, quantization)
    weights = fingerprints(folder, base)
    with ONE_AT_A_TIME:
        processor = _processor(folder, base, base_source)
        model = _weights(base, place, dtype, quantization)
        if base is not folder:
            model = _with_adapter(model, folder, quantization)
    return Loaded(model.eval(), processor, describe(place, dtype, quantization), card, weights)


def local_folder(source: Source) -> Path:
    """The source's folder on this machine, downloaded if it is a repository that is not here yet."""
    if source.kind == "served":
        raise ModelUnavailable("An adapter's base model must be a folder or a Hugging Face id, not a server.")
    return Path(source.location) if source.kind == "folder" else hub_folder(source.location, source.subfolder)


def choose_device(device: str, quantization: Quantization | None) -> torch.device:
    """The torch device for "auto", "cpu", "cuda" or "cuda:N"."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        place = torch.device(device)
    except RuntimeError as error:
        raise ModelUnavailable(f"There is no device {device!r}. Use auto, cpu, cuda or cuda:N.") from error
    if place.type == "cuda" and (place.index or 0) >= torch.cuda.device_count():
        raise ModelUnavailable(
            f"There is no {device}: PyTorch sees {torch.cuda.device_count()} CUDA cards on this machine. "
            "Use the device auto or cpu, or install a CUDA build of PyTorch and the card's driver."
        )
    if place.type not in ("cpu", "cuda"):
        raise ModelUnavailable(f"Models run on cpu or cuda here, not on {device!r}.")
    if quantization and place.type != "cuda":
        raise ModelUnavailable(
            f"Weights in {quantization} need a CUDA card and this model would run on the CPU. Leave the quantization "
            "out, or choose a smaller model."
        )
    return place


def check_memory(parameters: int, place: torch.device, dtype: torch.dtype, quantization: Quantization | None) -> None:
    """Raises ModelUnavailable with needed and free gigabytes when the weights cannot fit."""
    needed = parameters * OVERHEAD * (QUANTIZED_BYTES[quantization] if quantization else dtype.itemsize)
    free = torch.cuda.mem_get_info(place)[0] if place.type == "cuda" else psutil.virtual_memory().available
    if needed > free:
        where = torch.cuda.get_device_name(place) if place.type == "cuda" else "this machine"
        raise ModelUnavailable(
            f"The model needs about {needed / 1e9:.1f} GB and {where} has {free / 1e9:.1f} GB free. Close other "
            "programs, choose a smaller model, a CUDA card with 4bit weights, or a served model (served:URL#model)."
        )


def describe(place: torch.device, dtype: torch.dtype, quantization: Quantization | None) -> str:
    """The device in words, e.g. "CPU, 2 threads, float32"."""
    numbers = str(dtype).removeprefix("torch.")
    if place.type == "cpu":
        threads = torch.get_num_threads()
        return f"CPU, {threads} thread{'s' if threads > 1 else ''}, {numbers}"
    return ", ".join(filter(None, (torch.cuda.get_device_name(place), quantization, numbers)))


def _weights(folder: Path, place: torch.device, dtype: torch.dtype, quantization: Quantization | None) -> Any:
    options: dict[str, Any] = {"device_map": {"": place}} if place.type == "cuda" else {}
    if quantization:
        options["quantization_config"] = _bits(quantization)
    try:
        model, info = AutoModelForImageTextToText.from_pretrained(
            folder,
            dtype=dtype,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
            **options,
        )
    except LOADING_ERRORS as error:
        raise ModelUnavailable(
            f"{folder} cannot be loaded as a model that sees pictures: {_first_line(error)}. Check that all its files "
            "were copied and that it is a vision-language model which transformers knows."
        ) from error
    if info["missing_keys"]:
        raise ModelUnavailable(
            f"{len(info['missing_keys'])} weights are missing in {folder}, the first one {min(info['missing_keys'])}. "
            "Copy or download the model again."
        )
    return model


def _bits(quantization: Quantization) -> BitsAndBytesConfig:
    if quantization == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=UNQUANTIZED)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
        llm_int8_skip_modules=UNQUANTIZED,
    )


def _with_adapter(model: Any, folder: Path, quantization: Quantization | None) -> Any:
    """The model with the folder's adapter; folded into its weights unless they are quantized, that would lose bits."""
    # Imported here because it takes seconds, which most models need not pay.
    from peft import PeftModel, get_peft_model_state_dict

    try:
        adapted = PeftModel.from_pretrained(model, str(folder))
        with safe_open(folder / "adapter_model.safetensors", "pt") as file:
            written = set(file.keys())
    except LOADING_ERRORS as error:
        raise ModelUnavailable(f"The adapter in {folder} cannot be loaded: {_first_line(error)}.") from error
    if written != set(get_peft_model_state_dict(adapted)):
        # peft only warns, and the answers would silently be the base model's.
        raise ModelUnavailable(f"The adapter in {folder} does not fit its base model. Check base_model_name_or_path.")
    return adapted if quantization else adapted.merge_and_unload()


def _processor(folder: Path, base: Path, source: Source) -> Any:
    """The processor beside the weights, else the base model's."""
    place = next((p for p in (folder, base) if folders.complete(p, weights=False)), None)
    if place is None and source.base:
        place = hub_folder(source.base, weights=False)
    if place is None:
        raise ModelUnavailable(
            f"{folder} has weights but no processor (preprocessor_config.json). Copy the processor's and tokenizer's "
            "files of its base model into the folder."
        )
    try:
        processor = AutoProcessor.from_pretrained(
            place, trust_remote_code=False, local_files_only=True, padding_side="left"
        )
    except (*LOADING_ERRORS, AttributeError) as error:
        raise ModelUnavailable(f"The processor in {place} cannot be loaded: {_first_line(error)}.") from error
    if getattr(processor, "image_processor", None) is None or not getattr(processor, "chat_template", None):
        raise ModelUnavailable(f"The model in {place} takes no pictures in a conversation, so it cannot inspect parts.")
    return processor


def check_cache(model: Any, name: str) -> None:
    """The probe of the decision rewinds the cache, which sliding windows and recurrent layers cannot."""
    cache = DynamicCache(config=model.config.get_text_config())
    if any(type(layer) is not DynamicLayer for layer in cache.layers):
        raise ModelUnavailable(
            f"The model {name} uses sliding-window or recurrent attention, with which RA-Monitor's way of answering "
            "does not work here. Serve it (vLLM, SGLang) and use served:URL#model."
        )


def _first_line(error: BaseException) -> str:
    """The first line of a library's message, cut to a readable length."""
    text = str(error).strip().split("\n")[0].rstrip(".")
    return text[:200] or type(error).__name__
