using System;

namespace Tests.Linux;

/// <summary>What the compiler makes of the attacks' instructions: see tests/linux/attack.</summary>
internal static class DemoInstructions
{
    public static string Of(string kind) => kind switch
    {
        "idt" or "unaligned" => "mov [rdi],rsi",
        "rmw" => "lock xor [rdi],rsi",
        "or" => "lock or [rdi],rsi",
        "cr0wp" => "mov cr0,rdi",
        "smep" => "mov cr4,rdi",
        "lstar" => "wrmsr",
        "lidt" => "lidt [rdi]",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such attack"),
    };
}
