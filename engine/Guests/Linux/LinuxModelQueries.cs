using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Text.Json;
using Engine.Memory;
using Engine.Symbols;

namespace Engine.Guests.Linux;

/// <summary>Answers about what a Linux guest is doing, as JSON; docs/queries.md has the schema. Members are written into an object that is
/// open.</summary>
/// <remarks>Thread safety: any thread that holds a claim. Allocates.</remarks>
internal static class LinuxModelQueries
{
    /// <summary>Writes the answer to a topic. False: there is no such topic.</summary>
    public static bool TryWrite(LinuxKernel? kernel, GuestMemory memory, ReadOnlySpan<byte> topic, Utf8JsonWriter json)
    {
        LinuxModel? model = LinuxModel.Of(kernel, memory);
        if (topic.SequenceEqual("tasks"u8))
            WriteTasks(model, json);
        else if (topic.SequenceEqual("modules"u8))
            WriteModules(model, json);
        else if (topic.StartsWith("maps:"u8))
            WriteMaps(model, topic["maps:".Length..], json);
        else
            return false;
        return true;
    }

    private static void WriteTasks(LinuxModel? model, Utf8JsonWriter json)
    {
        List<LinuxTask> tasks = [];
        json.WriteBoolean("whole", model is not null && model.TryReadTasks(tasks));
        json.WriteStartArray("tasks");
        foreach (LinuxTask task in tasks)
        {
            json.WriteStartObject();
            json.WriteNumber("pid", task.Pid);
            json.WriteNumber("process", task.Tgid);
            json.WriteNumber("parent", task.ParentTgid);
            json.WriteString("name", task.Name);
            json.WriteNumber("uid", task.Uid);
            json.WriteNumber("effectiveUid", task.EffectiveUid);
            json.WriteString("capabilities", $"0x{task.Capabilities:x}");
            json.WriteString("program", model!.ProgramOf(task));
            json.WriteString("commandLine", model.CommandLineOf(task));
            json.WriteString("address", $"0x{task.Address:x}");
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteModules(LinuxModel? model, Utf8JsonWriter json)
    {
        List<LinuxModule> modules = [];
        json.WriteBoolean("whole", model is not null && model.TryReadModules(modules));
        json.WriteStartArray("modules");
        foreach (LinuxModule module in modules)
        {
            json.WriteStartObject();
            json.WriteString("name", module.Name);
            json.WriteString("state", module.State switch { 0 => "live", 1 => "coming", 2 => "going", _ => "unformed" });
            json.WriteString("address", $"0x{module.Address:x}");
            json.WriteStartArray("ranges");
            foreach (AddressRange range in module.Ranges)
                json.WriteStringValue($"0x{range.Start:x}-0x{range.End:x}");
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteMaps(LinuxModel? model, ReadOnlySpan<byte> number, Utf8JsonWriter json)
    {
        List<LinuxArea> areas = [];
        LinuxTask? task = null;
        bool isFound = model is not null && Utf8Parser.TryParse(number, out int pid, out int used) && used == number.Length &&
            model.TryFindTask(pid, out task);
        json.WriteBoolean("found", isFound);
        json.WriteBoolean("whole", isFound && (task!.Mm == 0 || model!.TryReadAreas(task, areas)));
        json.WriteStartArray("areas");
        foreach (LinuxArea area in areas)
        {
            json.WriteStartObject();
            json.WriteString("start", $"0x{area.Start:x}");
            json.WriteString("end", $"0x{area.End:x}");
            json.WriteString("rights", area.Rights);
            json.WriteNumber("offset", area.File == 0 ? 0 : area.Offset);
            json.WriteString("file", model!.PathOf(area.File));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
