%% SPDX-License-Identifier: Apache-2.0
-module(bin_fail_info).
-export([main/0]).
%% Which segment of a binary's construction failed, and why: the error info, and the sentence that is made of it.

main() ->
    [try F() of R -> io:format("~p: ~p~n", [What, R])
     catch
         error:Reason:Stack ->
             [{_, _, _, Info} | _] = Stack,
             #{cause := Cause, function := Function, module := Module} = Map = proplists:get_value(error_info, Info),
             io:format("~p: ~p~n", [What, {Reason, Cause, Function, Module, map_size(Map)}]),
             #{general := Text} = Module:Function(Reason, Stack),
             io:format("    ~ts~n", [Text])
     end || {What, F} <- cases()].

cases() ->
    A = id(a), N = id(-1), B = id(<<1:3>>), Bin = id(<<1, 2>>), Big = id(1 bsl 100), F = id(1.5), Two = id(2), Three = id(3), Huge = id(1 bsl 70),
    [{fine, fun() -> <<Two, Bin/binary, F/float>> end},
     {integer, fun() -> <<Two, A>> end},
     {float, fun() -> <<1, 2, A/float>> end},
     {float_size, fun() -> <<F:Three/float>> end},
     {float_first, fun() -> <<F/float, A/binary>> end},
     {big_float, fun() -> <<(Big bsl 2000)/float>> end},
     {binary, fun() -> <<A/binary>> end},
     {bits_in_bytes, fun() -> <<B/binary>> end},
     {unit, fun() -> <<1, Bin/binary-unit:3>> end},
     {short, fun() -> <<Bin:Three/binary>> end},
     {bitstring, fun() -> <<Two:8/bitstring>> end},
     {negative, fun() -> <<1:N>> end},
     {no_size, fun() -> <<1:A>> end},
     {no_size_binary, fun() -> <<Bin:A/binary>> end},
     {huge, fun() -> <<1:Huge>> end},
     {utf8, fun() -> <<A/utf8>> end},
     {utf8_range, fun() -> <<N/utf8>> end},
     {utf8_surrogate, fun() -> <<(id(16#D800))/utf8>> end},
     {utf16, fun() -> <<1, A/utf16>> end},
     {utf32, fun() -> <<F/utf32>> end},
     {utf32_range, fun() -> <<(id(16#110000))/utf32>> end},
     {append, fun() -> <<A/binary, 1, 2>> end},
     {append_later, fun() -> <<Bin/binary, A/binary>> end},
     {sizes_first, fun() -> <<A, 1:N>> end},
     {sum, fun() -> <<<<X:4>> || X <- [1, A]>> end}].

id(X) -> X.
