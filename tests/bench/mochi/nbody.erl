-module(nbody).
-export([main/0]).
-record(b, {x, y, z, vx, vy, vz, mass}).
main() ->
    Bs = {#b{x = 0.0, y = 0.0, z = 0.0, vx = 0.0, vy = 0.0, vz = 0.0, mass = 39.47},
          #b{x = 4.84, y = -1.16, z = -0.1, vx = 0.6, vy = 2.81, vz = -0.02, mass = 0.03},
          #b{x = 8.34, y = 4.12, z = -0.4, vx = -1.01, vy = 1.82, vz = 0.008, mass = 0.01},
          #b{x = 12.89, y = -15.11, z = -0.22, vx = 1.08, vy = 0.86, vz = -0.01, mass = 0.001}},
    End = steps(500, Bs),
    io:format("~w ~w~n", [trunc((element(1, End))#b.x * 1000000.0), trunc((element(4, End))#b.y * 1000000.0)]).
steps(0, Bs) -> Bs;
steps(N, Bs) -> steps(N - 1, move(1, pairs(1, 2, Bs, 0.01), 0.01)).
pairs(4, _, Bs, _) -> Bs;
pairs(I, 5, Bs, Dt) -> pairs(I + 1, I + 2, Bs, Dt);
pairs(I, J, Bs, Dt) ->
    #b{x = X1, y = Y1, z = Z1, vx = VX1, vy = VY1, vz = VZ1, mass = M1} = A = element(I, Bs),
    #b{x = X2, y = Y2, z = Z2, vx = VX2, vy = VY2, vz = VZ2, mass = M2} = B = element(J, Bs),
    Dx = X1 - X2, Dy = Y1 - Y2, Dz = Z1 - Z2,
    D2 = Dx * Dx + Dy * Dy + Dz * Dz,
    Mag = Dt / (D2 * root(0, D2, D2)),
    A1 = A#b{vx = VX1 - Dx * M2 * Mag, vy = VY1 - Dy * M2 * Mag, vz = VZ1 - Dz * M2 * Mag},
    B1 = B#b{vx = VX2 + Dx * M1 * Mag, vy = VY2 + Dy * M1 * Mag, vz = VZ2 + Dz * M1 * Mag},
    pairs(I, J + 1, setelement(J, setelement(I, Bs, A1), B1), Dt).
root(20, _, G) -> G;
root(N, X, G) -> root(N + 1, X, (G + X / G) / 2.0).
move(5, Bs, _) -> Bs;
move(I, Bs, Dt) ->
    #b{x = X, y = Y, z = Z, vx = VX, vy = VY, vz = VZ} = B = element(I, Bs),
    move(I + 1, setelement(I, Bs, B#b{x = X + Dt * VX, y = Y + Dt * VY, z = Z + Dt * VZ}), Dt).
