%% Bit syntax: matching and building.
-module(bits).
-export([header/1, words/1, build/2, text/1, old/2]).

header(<<"BEAM", Size:32, Flags:4, _:4, Rest/binary>>) -> {Size, Flags, Rest};
header(<<Small:5/little-signed, Rest/bitstring>>) -> {Small, Rest};
header(<<>>) -> none.

words(<<W:16/little, Rest/binary>>) -> [W | words(Rest)];
words(<<>>) -> [].

build(A, B) -> <<"head", A:13, B/binary, 1.5:64/float, "tail"/utf16>>.

text(<<C/utf8, Rest/binary>>) -> [C | text(Rest)];
text(_) -> [].

old(Size, Bin) ->
    case Bin of
        <<X:Size/float, Y:Size/binary-unit:3, _/bits>> -> {X, Y};
        <<_:Size, Z:7/big-signed>> -> Z
    end.
